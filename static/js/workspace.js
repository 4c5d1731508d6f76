// The workspace: shows the region under the pointer and what a gesture will do within a frame, and sends gestures to the
// server one after the other. Without it the page is a plain form around an image button.

import { announce } from "./site.js";
import { GestureQueue } from "./gesture_queue.js";
import { Layer } from "./layers.js";
import { LogRange } from "./log_range.js";
import { Segmentation, anticipate, unpackState } from "./segmentation.js";
import { tintUrl } from "./tint.js";
import { Tools } from "./tools.js";
import { Viewport } from "./viewport.js";
import { Walker } from "./walker.js";

const byId = (id) => document.getElementById(id);
const form = byId("workspace");
const stage = byId("stage");
const layers = stage.querySelector(".layers");
const range = form.elements.namedItem("level");
const width = Number(form.dataset.width);
const height = Number(form.dataset.height);

// Words of an ImageData, as ABGR: the colours of the server's tints, and a light with the accent at its edge.
const INCLUDE = 0xfff56e1e, EXCLUDE = 0xff0078f0, LIGHT = 0x52ffffff;
// The same two as red, green, blue.
const INCLUDED = [30, 110, 245], EXCLUDED = [240, 120, 0];
const KEYS = { c: "toggle", b: "paint", l: "lasso", r: "rectangle", g: "grow", s: "similar" };

let segmentation = null;
let cut = null;
let walker = null;

// --- What lies on the photo -----------------------------------------------------------------------------------------

const hoverLayer = new Layer(byId("hover"));
const anticipationLayer = new Layer(byId("anticipation"));
let hovered = -1;
let anticipated = null;

function hover(superpixel) {
  const region = superpixel < 0 || !cut ? -1 : cut[superpixel];
  if (region === hovered) return;
  performance.mark("hover-start");
  hovered = region;
  hoverLayer.light(segmentation, region < 0 ? [] : segmentation.members(cut, superpixel), edged);
  performance.measure("hover", "hover-start");
}

/** A light over a region, with a line along its border. */
function edged(pixel) {
  const { labels } = segmentation, region = cut[labels[pixel]], x = pixel % width;
  const isEdge =
    x === 0 || x === width - 1 || pixel < width || pixel >= labels.length - width ||
    cut[labels[pixel - 1]] !== region || cut[labels[pixel + 1]] !== region ||
    cut[labels[pixel - width]] !== region || cut[labels[pixel + width]] !== region;
  return isEdge ? INCLUDE : LIGHT;
}

/** What is being drawn: the line itself, and the regions that a brush has touched so far. */
function sketch(draft) {
  const line = byId("draft");
  line.setAttribute("points", !draft || draft.tool === "paint" ? "" : draft.points.join(" "));
  if (!segmentation) return;
  if (draft?.tool !== "paint") return void (hoverLayer.lit.length && hoverLayer.light(segmentation, [], edged), hovered = -1);
  const touched = new Set(Array.from(segmentation.under(draft.points.slice(-16)), (s) => cut[s]));
  const known = new Set(hoverLayer.lit);
  const fresh = [];
  for (let s = 0; s < cut.length; s++) if (touched.has(cut[s]) && !known.has(s)) fresh.push(s);
  hoverLayer.paint(segmentation, fresh, () => LIGHT);
  hoverLayer.lit = hoverLayer.lit.concat(fresh);
  hovered = -1;
}

/** The server's last word with the waiting gestures on top; nothing to show when none waits. */
function showAnticipation() {
  if (!segmentation) return;
  const waits = queue.waiting.length > 0;
  if (waits) {
    const state = serverState();
    for (const gesture of queue.waiting) anticipate(state, segmentation, gesture);
    anticipated ??= new Uint8Array(state.length);
    const colours = [0, INCLUDE, EXCLUDE];
    for (const [value, colour] of colours.entries()) {
      const changed = [];
      for (let s = 0; s < state.length; s++) if (state[s] === value && anticipated[s] !== value) changed.push(s);
      anticipationLayer.paint(segmentation, changed, () => colour);
    }
    anticipated = state;
  }
  layers.classList.toggle("anticipating", waits);
}

function serverState() {
  return unpackState(byId("state").value, segmentation.count);
}

/** Draw the server's last word, which came without pictures. */
function showState() {
  const state = serverState();
  byId("tint").src = tintUrl(segmentation, state, 1, INCLUDED);
  byId("tint-excluded").src = tintUrl(segmentation, state, 2, EXCLUDED, { striped: true });
  showPortion();
}

// --- The preview ----------------------------------------------------------------------------------------------------

const preview = byId("preview");
const portion = byId("portion");
const previewViewport = new Viewport(preview.querySelector(".layers"));

/** The preview is the photo under a mask made of the tint: nothing more to send. */
function showPortion() {
  portion.style.maskImage = `url("${byId("tint").src}")`;
  portion.hidden = false;
  preview.classList.toggle("nothing", !/[^A=]/.test(byId("state").value));
  fitPortion();
}

/** Enlarge the preview so that the selected portion fills it, or show it where it lies in the photo. */
function fitPortion() {
  previewViewport.fit();
  if (!byId("fit").checked || !segmentation) return;
  let [left, top, right, bottom] = [width, height, 0, 0];
  serverState().forEach((value, s) => {
    if (value !== 1) return;
    const pixels = segmentation.pixelsOf(s);
    top = Math.min(top, Math.floor(pixels[0] / width));
    bottom = Math.max(bottom, Math.floor(pixels[pixels.length - 1] / width) + 1);
    for (const pixel of pixels) {
      left = Math.min(left, pixel % width);
      right = Math.max(right, (pixel % width) + 1);
    }
  });
  if (right <= left) return;
  const box = preview.querySelector(".layers").getBoundingClientRect();
  const centre = [box.left + ((left + right) / 2 / width) * box.width, box.top + ((top + bottom) / 2 / height) * box.height];
  const factor = 0.92 * Math.min(width / (right - left), height / (bottom - top));
  previewViewport.pan((box.left + box.right) / 2 - centre[0], (box.top + box.bottom) / 2 - centre[1]);
  previewViewport.zoom(factor, ...centre);
  const shown = preview.querySelector(".layers").getBoundingClientRect();
  previewViewport.pan(
    (box.left + box.right) / 2 - (shown.left + ((left + right) / 2 / width) * shown.width),
    (box.top + box.bottom) / 2 - (shown.top + ((top + bottom) / 2 / height) * shown.height),
  );
}

byId("fit").addEventListener("change", fitPortion);
byId("background").addEventListener("change", (event) => { preview.dataset.background = event.target.value; });

// --- Gestures -------------------------------------------------------------------------------------------------------

const queue = new GestureQueue(send, () => {
  showAnticipation();
  byId("try-again").hidden = !queue.lost;
  if (queue.lost) {
    const count = queue.waiting.length;
    announce(`Connection lost. ${count === 1 ? "One change waits" : `${count} changes wait`} to be sent; trying again.`, "error");
  }
});

async function send(gesture) {
  const channel = byId("channel");
  let status = 0;
  const note = (event) => { status = event.detail.xhr.status; };
  channel.addEventListener("htmx:afterRequest", note);
  const { points = [], ...rest } = gesture;
  const values = { ...rest, label_map: form.dataset.labelMap, points: points.map(written).join(" ") };
  if (!values.remove) delete values.remove;
  if (segmentation) values.draws = "on";
  try {
    await htmx.ajax("POST", form.action, { source: channel, values, swap: "none" });
  } catch {
    // The status tells.
  } finally {
    channel.removeEventListener("htmx:afterRequest", note);
  }
  if (status >= 200 && status < 300) {
    if (values.draws) showState();
    else showPortion();
    return "done";
  }
  return status >= 400 && status < 500 ? "refused" : "unreachable";
}

function written([x, y]) {
  return `${x.toFixed(2)},${y.toFixed(2)}`;
}

function choice(name) {
  return form.elements.namedItem(name).value;
}

function perform(tool, more = {}) {
  queue.push({ tool, mode: choice("mode"), level: Number(range.value), ...more });
}

/** A pointer event in pixels of the working copy. */
function pointOf(event) {
  const box = layers.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
}

const viewport = new Viewport(layers, () => { byId("zoom").textContent = `${Math.round(viewport.scale * 100)}%`; });
const tools = new Tools({ stage, viewport, pointOf, perform, sketch, tool: () => choice("pointer") }, { width, height });

stage.addEventListener("pointermove", (event) => {
  if (segmentation && event.pointerType !== "touch" && !tools.draft) hover(segmentation.at(...pointOf(event)));
});
stage.addEventListener("pointerleave", () => { if (segmentation && !tools.draft) hover(-1); });

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.plain !== undefined) return;
  event.preventDefault();
  if (button?.id === "search") search(button);
  else if (button && button.value !== "show" && button.getAttribute("aria-disabled") !== "true") perform(button.value);
});

/** Search for what is on the screen, or share it, so only after every gesture has arrived. */
async function search(button) {
  await queue.idle();
  htmx.trigger(button, "asked");
}

byId("share").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search(event.currentTarget);
});
// A link that opens a dialog is a button to whoever uses a keyboard.
byId("share").addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  event.currentTarget.click();
});

byId("try-again").addEventListener("click", () => queue.retry());
for (const button of form.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => zoom(button.dataset.zoom));
}

function zoom(which) {
  if (which === "fit") viewport.fit();
  else viewport.zoomCentre(which === "in" ? 1.5 : 1 / 1.5);
}

// --- Keys -----------------------------------------------------------------------------------------------------------

addEventListener("keydown", (event) => {
  if (event.target.matches?.("input:not([type=range]):not([type=radio]), select, textarea, dialog *, #drawer *")) return;
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const redo = (key === "z" && event.shiftKey) || key === "y";
  if (control && (key === "z" || key === "y")) perform(redo ? "redo" : "undo");
  else if (control || event.altKey || !shortcut(key)) return;
  event.preventDefault();
});

/** Whether a key was one of ours. */
function shortcut(key) {
  if (key in KEYS) form.querySelector(`input[name=pointer][value=${KEYS[key]}]`).click();
  else if (key === "x") form.querySelector("input[name=mode]:not(:checked)").click();
  else if (key === "i") perform("invert");
  else if (key === "[" || key === "]") slider.step(key === "]" ? 1 : -1);
  else if (key === "0" || key === "+" || key === "=" || key === "-") zoom({ 0: "fit", "-": "out" }[key] ?? "in");
  else return false;
  return true;
}

stage.addEventListener("keydown", (event) => {
  if (!walker || event.ctrlKey || event.metaKey) return;
  if (walker.step(event.key)) announceRegion();
  else if (event.key === "Enter" && walker.region) perform(tools.tool() === "grow" ? "grow" : "toggle", { points: [walker.point] });
  else return;
  event.preventDefault();
});
stage.addEventListener("focusout", () => { if (segmentation) hover(-1); });

function announceRegion() {
  hovered = -1;
  hover(walker.superpixel);
  const members = segmentation.members(cut, walker.superpixel);
  const state = serverState();
  const counts = [0, 1, 2].map((value) => members.filter((s) => state[s] === value).length);
  const what = ["not selected", "included", "excluded"][counts.indexOf(members.length)] ?? "partly selected";
  const share = (100 * walker.region.area) / (width * height);
  announce(`Region of ${share < 1 ? "under 1" : Math.round(share)}% of the photo, ${what}.`);
}

// --- Granularity ----------------------------------------------------------------------------------------------------

const outline = byId("outline");
const slider = new LogRange(range);

function outlineUrl(level) {
  return form.dataset.outlineUrl.replace(/0\.png$/, `${level}.png`);
}

function showLevel() {
  const level = Number(range.value);
  form.querySelector(".level-value").textContent = level;
  outline.src = outlineUrl(level);
  history.replaceState(history.state, "", `?level=${level}`);
  if (segmentation) useLevel(level);
}

function useLevel(level) {
  cut = segmentation.cut(level);
  walker.use(cut);
  hovered = -1;
  hoverLayer.light(segmentation, [], edged);
  // The outlines one stop coarser and finer, so that the next move of the slider shows at once.
  for (const near of [slider.stops.findLast((s) => s < level), slider.stops.find((s) => s > level)]) {
    if (near !== undefined) new Image().src = outlineUrl(near);
  }
}

range.addEventListener("input", showLevel);

// --- Beginning ------------------------------------------------------------------------------------------------------

showPortion();

async function words(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint16Array(await answer.arrayBuffer());
}

try {
  const [labels, parents] = await Promise.all([words(form.dataset.labelsUrl), words(form.dataset.treeUrl)]);
  segmentation = new Segmentation(labels, parents, width, height);
  walker = new Walker(segmentation);
  useLevel(Number(range.value));
  fitPortion();
  form.dataset.ready = "";
} catch {
  announce("The outlines cannot follow the pointer: they did not load. Clicking works all the same.", "error");
}
