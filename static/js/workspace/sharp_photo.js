// A narrow screen is first shown a small copy of the photo, which comes in a fraction of the time. The working copy takes
// its place once the page has loaded: it is what zooming in and the cut-out need.

/** @param {HTMLImageElement[]} images that show the photo, each with the working copy as its `src` */
export function sharpen(images) {
  const start = () => replace(images);
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}

/** @param {HTMLImageElement[]} images */
async function replace(images) {
  const small = images.filter(({ currentSrc, src }) => currentSrc !== src);
  if (!small.length) return;
  const whole = new Image();
  whole.fetchPriority = "low";
  whole.src = small[0].src;
  try {
    // Decoded first, or the photo would vanish for a moment.
    await whole.decode();
    for (const image of small) image.previousElementSibling?.remove();
  } catch {
    addEventListener("online", () => replace(images), { once: true });
  }
}
