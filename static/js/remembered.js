// What a person has chosen before, told to the style sheets before anything is drawn: the cut-out's share of the window,
// and whether cut-out and outlines are hidden. A plain script, as a module would come too late.

{
  const { dataset, style } = document.documentElement;
  try {
    const share = Number(localStorage.getItem("cutout-share"));
    if (share) style.setProperty("--cutout-share", `${share}%`);
    for (const name of ["cutout", "outlines"]) dataset[name] = localStorage.getItem(name) ?? "";
  } catch {
    // A browser that keeps nothing.
  }
}
