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

// Words of an ImageData, as ABGR: the colours of the server's tints, and a light over what the pointer is on.
const INCLUDE = 0xfff56e1e, EXCLUDE = 0xff0078f0, LIGHT = 0x52ffffff, WHITE = 0xffffffff, BLACK = 0xff000000;
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
// The state that the tints show; null when the server has sent others than the browser drew.
let drawn = byId("state").value;

/** Do something, and note in the browser's timeline how long it took (read by benchmarks/hover.py). */
function timed(name, work) {
  const start = performance.now();
  work();
  performance.measure(name, { start });
  // Whoever watches has been told; kept, the notes of a long session would fill the memory.
  performance.clearMeasures(name);
}

/** Light the region under the pointer, with a line along its border. */
function hover(superpixel) {
  const region = superpixel < 0 || !cut ? -1 : cut[superpixel];
  if (region === hovered) return;
  timed("hover", () => {
    hovered = region;
    hoverLayer.erase();
    if (region >= 0) {
      const members = segmentation.members(cut, superpixel);
      hoverLayer.fill(segmentation, members, LIGHT);
      hoverLayer.line(segmentation.outline(cut, members), INCLUDE);
    }
    hoverLayer.show();
  });
}

/** Draw the focus of the keyboard: a white line with black on both sides, to be seen on any photo. */
function showFocus() {
  const members = segmentation.members(cut, walker.superpixel);
  const outline = segmentation.outline(cut, members);
  hoverLayer.erase();
  hoverLayer.fill(segmentation, members, LIGHT);
  hoverLayer.line(outline, BLACK, 2);
  hoverLayer.line(outline, WHITE, 1);
  hoverLayer.show();
  hovered = -2;
}

/** What is being drawn: the line itself, and the regions that a brush has touched so far. */
let stroke = null;

function sketch(draft) {
  const line = draft && draft.tool !== "paint" ? draft.points.join(" ") : "";
  if (byId("draft").getAttribute("points") !== line) byId("draft").setAttribute("points", line);
  if (!segmentation) return;
  if (draft?.tool === "paint") return void timed("brush", () => brush(draft.points));
  if (draft || stroke) hover(-1);
  stroke = null;
}

/** Light the regions under the new end of a stroke. */
function brush(points) {
  if (!stroke) {
    stroke = { seen: 0, lit: new Set() };
    hoverLayer.erase();
    hovered = -2;
  }
  const fresh = new Set();
  for (const superpixel of segmentation.under(points.slice(Math.max(stroke.seen - 1, 0)))) {
    if (!stroke.lit.has(cut[superpixel])) fresh.add(superpixel);
    stroke.lit.add(cut[superpixel]);
  }
  stroke.seen = points.length;
  if (fresh.size) hoverLayer.fill(segmentation, segmentation.regionsOf(cut, fresh), LIGHT);
  hoverLayer.show();
}

/** The server's last word with the waiting gestures on top; nothing to show when none waits. */
function showAnticipation() {
  if (!segmentation) return;
  const waits = queue.waiting.length > 0;
  if (waits) {
    timed("anticipation", anticipateAll);
    portrayAnticipation();
  }
  layers.classList.toggle("anticipating", waits);
}

function anticipateAll() {
  const state = serverState();
  for (const gesture of queue.waiting) anticipate(state, segmentation, gesture);
  anticipated ??= new Uint8Array(state.length);
  for (const [value, colour] of [0, INCLUDE, EXCLUDE].entries()) {
    const changed = [];
    for (let s = 0; s < state.length; s++) if (state[s] === value && anticipated[s] !== value) changed.push(s);
    anticipationLayer.fill(segmentation, changed, colour);
  }
  anticipationLayer.show();
  anticipated = state;
}

function serverState() {
  return unpackState(byId("state").value, Number(range.max));
}

/** Draw the server's last word, which comes without pictures. Done when they are ready to be seen. */
function showState() {
  const state = serverState();
  const [tint, excluded] = [byId("tint"), byId("tint-excluded")];
  const before = drawn === null ? null : unpackState(drawn, state.length);
  const differs = (mark) => !before || state.some((value, s) => (value === mark) !== (before[s] === mark));
  drawn = byId("state").value;
  // Without the label array the answer had to bring the pictures along.
  if (!segmentation) return portray(state, tint.src);
  timed("tints", () => {
    if (differs(1)) tint.src = tintUrl(segmentation, state, 1, INCLUDED);
    if (differs(2)) excluded.src = tintUrl(segmentation, state, 2, EXCLUDED, { striped: true });
  });
  return Promise.allSettled([tint.decode(), excluded.decode(), portray(state, tint.src)]);
}

// --- The preview ----------------------------------------------------------------------------------------------------

const preview = byId("preview");
const portion = byId("portion");
let portrayed = null;
let portrayal = 0;
const previewViewport = new Viewport(preview.querySelector(".layers"));

/**
 * The preview is the photo under a mask made of a tint: nothing more to send. The mask is decoded first, or the portion
 * would vanish for a moment.
 */
async function portray(state, url) {
  portrayed = state;
  const mask = new Image();
  mask.src = url;
  await mask.decode().catch(() => {});
  if (portrayed !== state) return;
  portion.style.maskImage = `url("${url}")`;
  portion.hidden = false;
  preview.classList.toggle("nothing", !state.includes(1));
  fitPortion();
}

/** The preview of what is anticipated, once that is on the photo itself. */
function portrayAnticipation() {
  clearTimeout(portrayal);
  portrayal = setTimeout(() => {
    if (queue.waiting.length) portray(anticipated, tintUrl(segmentation, anticipated, 1, INCLUDED));
  }, 30);
}

/** Enlarge the preview so that the selected portion fills it, or show it where it lies in the photo. */
function fitPortion() {
  previewViewport.fit();
  preview.classList.remove("fitted");
  if (!byId("fit").checked || !segmentation) return;
  let [left, top, right, bottom] = [width, height, 0, 0];
  portrayed.forEach((value, s) => {
    if (value !== 1) return;
    const box = segmentation.boxOf(s);
    [left, top] = [Math.min(left, box[0]), Math.min(top, box[1])];
    [right, bottom] = [Math.max(right, box[2]), Math.max(bottom, box[3])];
  });
  if (right <= left) return;
  preview.classList.add("fitted");
  previewViewport.fitTo(left / width, top / height, right / width, bottom / height);
}

byId("fit").addEventListener("change", fitPortion);
new ResizeObserver(fitPortion).observe(preview);
byId("background").addEventListener("change", (event) => { preview.dataset.background = event.target.value; });

// --- Gestures -------------------------------------------------------------------------------------------------------

const queue = new GestureQueue(send, () => {
  showAnticipation();
  showConnection();
});
const tryAgain = byId("try-again");
// How many changes wait, as last announced: what is tried again and again is told once.
let toldWaiting = 0;

function showConnection() {
  const count = queue.lost ? queue.waiting.length : 0;
  if (count && count !== toldWaiting) {
    announce(`Connection lost. ${count === 1 ? "One change waits" : `${count} changes wait`} to be sent; trying again.`, "error");
  }
  toldWaiting = count;
  if (!count && document.activeElement === tryAgain) stage.focus();
  tryAgain.hidden = !count;
}

// The queue has a better sentence for this than the ones all pages share.
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  byId("channel").addEventListener(name, (event) => event.stopPropagation());
}

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
  if (status < 200 || status >= 500) return "unreachable";
  if (!values.draws) drawn = null;
  // While more wait, their anticipation covers the tints: they are drawn once, when the last answer is there.
  if (queue.waiting.length === 1 && byId("state").value !== drawn) await showState();
  return status < 300 ? "done" : "refused";
}

function written([x, y]) {
  return `${x.toFixed(2)},${y.toFixed(2)}`;
}

function choice(name) {
  return form.elements.namedItem(name).value;
}

function perform(tool, more = {}) {
  looking?.abort();
  queue.push({ tool, mode: choice("mode"), level: Number(range.value), ...more });
}

/** A pointer event in pixels of the working copy, to the hundredth that the server is told too. */
function pointOf(event) {
  const box = layers.getBoundingClientRect();
  const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return [Math.floor(100 * width * share[0]) / 100, Math.floor(100 * height * share[1]) / 100];
}

const viewport = new Viewport(layers, () => { byId("zoom").textContent = `${Math.round(viewport.scale * 100)}%`; });
const otherWay = byId("other-way");
const isOtherWay = () => otherWay.ariaPressed === "true";
const tools = new Tools({ stage, viewport, pointOf, perform, sketch, isOtherWay, tool: () => choice("pointer") }, { width, height });
otherWay.addEventListener("click", () => { otherWay.ariaPressed = String(!isOtherWay()); });

stage.addEventListener("pointermove", (event) => {
  if (segmentation && event.pointerType !== "touch" && !tools.draft) hover(segmentation.at(...pointOf(event)));
});
stage.addEventListener("pointerleave", () => { if (segmentation && !tools.draft) hover(-1); });

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.plain !== undefined) return;
  event.preventDefault();
  if (button?.id === "search") search(button);
  else if (button && button.value !== "show" && mayPress(button)) perform(button.value);
});

/** Undo is possible as soon as there is something to undo, even if the server has not said so yet. */
function mayPress(button) {
  return button.getAttribute("aria-disabled") !== "true" || queue.waiting.length > 0;
}

/** Search for what is on the screen, or share it, so only after every gesture has arrived. */
async function search(button) {
  if (queue.lost) return repeatConnection();
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

/** Whoever asks for something that cannot be had without a connection is told again why. */
function repeatConnection() {
  toldWaiting = 0;
  showConnection();
}

tryAgain.addEventListener("click", () => {
  toldWaiting = 0;
  queue.retry();
});
for (const link of form.querySelectorAll("a[href*=download]")) {
  link.addEventListener("click", async (event) => {
    if (!queue.waiting.length) return;
    event.preventDefault();
    if (queue.lost) return repeatConnection();
    await queue.idle();
    location.assign(link.href);
  });
}
for (const button of form.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => zoom(button.dataset.zoom));
}

function zoom(which) {
  if (which === "fit") viewport.fit();
  else viewport.zoomCentre(which === "in" ? 1.5 : 1 / 1.5);
}

// --- Keys -----------------------------------------------------------------------------------------------------------

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.target.matches?.("input:not([type=range], [type=radio], [type=checkbox]), select, textarea, #drawer *")) return;
  // Where brackets are typed with AltGr or Option they come with modifiers, which are then no command.
  const typed = event.getModifierState("AltGraph") || (event.altKey && /[[\]]/.test(event.key) && !event.metaKey);
  const control = (event.ctrlKey || event.metaKey) && !typed;
  const key = event.key.toLowerCase();
  const redo = (key === "z" && event.shiftKey) || key === "y";
  if (control && (key === "z" || key === "y")) perform(redo ? "redo" : "undo");
  else if (control || (event.altKey && !typed) || !shortcut(key, event.repeat)) return;
  event.preventDefault();
});

/** Whether a key was one of ours. A key held down repeats only what makes sense again and again. */
function shortcut(key, repeats) {
  if (key in KEYS) form.querySelector(`input[name=pointer][value=${KEYS[key]}]`).click();
  else if (key === "x") repeats || form.querySelector("input[name=mode]:not(:checked)").click();
  else if (key === "i") repeats || perform("invert");
  else if (key === "[" || key === "]") slider.step(key === "]" ? 1 : -1);
  else if (key === "0" || key === "+" || key === "=" || key === "-") zoom({ 0: "fit", "-": "out" }[key] ?? "in");
  else return false;
  return true;
}

stage.addEventListener("keydown", (event) => {
  if (!walker || event.ctrlKey || event.metaKey) return;
  if (walker.step(event.key)) announceRegion();
  else if (event.key === "Enter") enter(event);
  else return;
  event.preventDefault();
});

/** Enter does with the region in focus what a click with the tool in hand would do; what must be drawn cannot be typed. */
function enter(event) {
  if (event.repeat) return;
  if (!walker.region) {
    walker.start();
    return void announceRegion();
  }
  const tool = tools.tool();
  const points = [walker.point];
  if (tool === "grow") perform(event.shiftKey ? "shrink" : "grow", { points });
  else if (tool === "similar") perform(tool, { points, everywhere: event.shiftKey ? "on" : "" });
  else if (tool === "paint") perform(tool, { points, remove: event.altKey });
  else perform("toggle", { points });
}

stage.addEventListener("focusin", () => { if (stage.matches(":focus-visible") && walker?.region) showFocus(); });
stage.addEventListener("focusout", () => { if (segmentation) hover(-1); });

function announceRegion() {
  showFocus();
  viewport.reveal(walker.region.x / width, walker.region.y / height);
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
  noteLevel(level);
  if (segmentation) useLevel(level);
}

let noting = 0;

/** Keep the level in the address, once the slider rests: browsers refuse to have it changed very often. */
function noteLevel(level) {
  clearTimeout(noting);
  noting = setTimeout(() => history.replaceState(history.state, "", `?level=${level}`), 200);
}

function useLevel(level) {
  timed("level", () => {
    cut = segmentation.cut(level);
    walker.use(cut);
    hover(-1);
    if (stage.matches(":focus-visible") && walker.region) showFocus();
  });
  prefetch(level);
}

/** Fetch the outlines one stop coarser and finer, so that the next move of the slider shows at once. */
function prefetch(level) {
  for (const near of [slider.stops.findLast((stop) => stop < level), slider.stops.find((stop) => stop > level)]) {
    if (near === undefined) continue;
    const image = new Image();
    image.fetchPriority = "low";
    image.src = outlineUrl(near);
  }
}

range.addEventListener("input", showLevel);
// An outline that was lost with the connection comes back with it.
addEventListener("online", () => { if (!outline.naturalWidth) outline.src = outlineUrl(Number(range.value)); });

// --- Other tabs -----------------------------------------------------------------------------------------------------

let looking = null;

/** Ask whether the selection has changed in another tab. An answer to a gesture of this one would be newer. */
async function look() {
  if (looking || document.hidden || queue.waiting.length) return;
  looking = new AbortController();
  const query = new URLSearchParams({
    label_map: form.dataset.labelMap, version: byId("state").dataset.version, draws: segmentation ? "on" : "",
  });
  const { signal } = looking;
  try {
    const answer = await fetch(`${form.dataset.stateUrl}?${query}`, { headers: { "HX-Request": "true" }, signal });
    const text = await answer.text();
    if (!signal.aborted && answer.status === 200) await showAnswer(text);
    else if (answer.status >= 400 && answer.status < 500) announce("This photo has changed in another window. Reload the page to go on.", "error");
  } catch {
    // No connection, or a gesture came in between: its answer tells.
  } finally {
    looking = null;
  }
}

async function showAnswer(text) {
  htmx.swap(byId("channel"), text, { swapStyle: "none" });
  await showState();
}

document.addEventListener("visibilitychange", look);
addEventListener("focus", look);
addEventListener("pageshow", (event) => { if (event.persisted) look(); });

// --- Beginning ------------------------------------------------------------------------------------------------------

portray(serverState(), byId("tint").src);

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
  // A page that the browser kept from an earlier visit may show the selection of then.
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") look();
} catch {
  announce("The outlines cannot follow the pointer: they did not load. Clicking works all the same.", "error");
}
