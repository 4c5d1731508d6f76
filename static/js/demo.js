/**
 * The photo on the start page, live: the region under the pointer lights up, a click lifts the thing there out, and the
 * images with something like it come. Nothing is stored until the person goes on with it.
 */

import { Segmentation } from "./lib/segmentation.js";
import { unpackState } from "./lib/selection.js";
import { tintUrl } from "./lib/tint.js";
import { byId, find } from "./ui/find.js";
import { Layer } from "./ui/layer.js";
import { announce } from "./ui/messages.js";
import { ownHeaders } from "./ui/whose_page.js";
import { BLACK, INCLUDED, LIGHT, WHITE } from "./workspace/colours.js";

// Regions that light up: about as many things as a person would name.
const LEVEL = 40;
const AGAIN_MS = 2000, MOST_TIMES = 60;

const form = byId("demo", HTMLFormElement);
const photo = find(form, ".demo-photo", HTMLButtonElement);
const cut = find(form, ".demo-cut img", HTMLImageElement);
const points = find(form, "input[name=points]", HTMLInputElement);
const size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
const layer = new Layer(find(photo, "canvas", HTMLCanvasElement));

/** @type {Promise<Segmentation> | null} */
let loading = null;
/** @type {Segmentation | null} */
let segmentation = null;
let lit = -1;
let asking = new AbortController();

/** The superpixels, fetched when somebody comes near, or when the page has nothing else to do. */
function loaded() {
  loading ??= (async () => {
    const [labels, parents] = await Promise.all([numbers(form.dataset.labelsUrl), numbers(form.dataset.treeUrl)]);
    segmentation = new Segmentation(labels, parents, size.width, size.height);
    return segmentation;
  })();
  return loading;
}

/** @param {string | undefined} url of an array of 16-bit numbers */
async function numbers(url = "") {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint16Array(await answer.arrayBuffer());
}

/**
 * @param {MouseEvent} event
 * @returns {Point}
 */
function pointOf(event) {
  const box = photo.getBoundingClientRect();
  const at = (/** @type {number} */ share, /** @type {number} */ length) =>
    Math.min(Math.max(share * length, 0), length - 0.01);
  return [
    at((event.clientX - box.left) / box.width, size.width), at((event.clientY - box.top) / box.height, size.height),
  ];
}

/**
 * Light the region at a point; none where it lies outside.
 *
 * @param {Point} point
 */
function light(point) {
  if (!segmentation) return;
  const regions = segmentation.cut(LEVEL), superpixel = segmentation.at(...point);
  const region = superpixel < 0 ? -1 : regions[superpixel];
  if (region === lit) return;
  lit = region;
  layer.erase();
  if (region >= 0) {
    const members = segmentation.members(regions, superpixel);
    layer.fill(segmentation, members, LIGHT);
    layer.dashes(segmentation.outline(regions, members), WHITE, BLACK);
  }
  layer.show();
}

async function lift() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  form.ariaBusy = "true";
  try {
    for (let times = 0; times < MOST_TIMES; times++) {
      const found = await answered(signal);
      await show(found);
      form.ariaBusy = null;
      // While the collection is being looked through, more may come.
      if (found.dataset.moreToCome === undefined || signal.aborted) return;
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    }
  } catch {
    if (signal.aborted) return;
    form.ariaBusy = null;
    announce("There is no answer from the server. Try again.", "error");
  }
}

/** @param {AbortSignal} signal */
async function answered(signal) {
  const answer = await fetch(`${form.dataset.liftUrl}?${new URLSearchParams({ points: points.value })}`, {
    headers: ownHeaders(), signal,
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return find(new DOMParser().parseFromString(await answer.text(), "text/html"), "#lifted", HTMLElement);
}

/** @param {HTMLElement} found */
async function show(found) {
  const known = await loaded();
  const state = unpackState(found.dataset.state ?? "", known.count);
  cut.style.maskImage = `url("${tintUrl(known, state, 1, INCLUDED)}")`;
  cut.hidden = false;
  find(form, ".demo-on", HTMLElement).hidden = false;
  form.classList.add("shown");
  const place = byId("lifted", HTMLElement), element = document.importNode(found, true);
  if (place.innerHTML === element.innerHTML) return;
  place.replaceWith(element);
  htmx.process(element);
}

photo.addEventListener("pointerenter", () => { loaded().catch(() => {}); }, { once: true });
photo.addEventListener("pointermove", (event) => light(pointOf(event)));
photo.addEventListener("pointerleave", () => light([-1, -1]));
photo.addEventListener("click", (event) => {
  event.preventDefault();
  // By keys there is no place: then the thing itself is meant.
  points.value = event.detail ? pointOf(event).map((value) => value.toFixed(1)).join(",") : "";
  lift();
});
addEventListener("load", () => { setTimeout(() => { loaded().catch(() => {}); }, 1500); });
