/**
 * The library keeps its address: what is looked for while somebody types, and the page that they have scrolled to.
 */

const GRIDS = ["gallery_grid", "photo_grid"];

/** @param {URL} url */
function show(url) {
  if (history.state?.popup === undefined && url.href !== location.href) history.replaceState(history.state, "", url);
}

// The page whose first picture went up through the window last.
const watcher = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting, boundingClientRect: { top } } of seen) {
    if (!(target instanceof HTMLElement) || top > innerHeight) continue;
    const url = new URL(location.href);
    const page = Number(target.dataset.page) - (isIntersecting || top < 0 ? 0 : 1);
    if (page > 1) url.searchParams.set("page", String(page));
    else url.searchParams.delete("page");
    show(url);
  }
});

function watch() {
  for (const first of document.querySelectorAll("[data-page]:not([data-page='1'])")) watcher.observe(first);
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  watch();
  if (!GRIDS.includes(detail.target?.id ?? "")) return;
  const url = new URL(detail.pathInfo?.finalRequestPath ?? location.href, location.href);
  for (const [name, value] of [...url.searchParams]) {
    if (!value || (name === "sort" && value === "newest")) url.searchParams.delete(name);
  }
  show(url);
});
watch();
