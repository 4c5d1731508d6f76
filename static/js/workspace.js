// The workspace: shows the region under the pointer and what a gesture will do within a frame, and sends gestures to the
// server one after the other. Without it the page is a plain form around an image button.

import { GestureQueue } from "./gesture_queue.js";
import { LogRange } from "./log_range.js";
import { Segmentation, anticipate, unpackState } from "./segmentation.js";

const form = document.getElementById("workspace");
const stage = document.getElementById("stage");
const layers = stage.querySelector(".layers");
const range = form.elements.namedItem("level");
const portion = document.getElementById("portion");
const width = Number(form.dataset.width);
const height = Number(form.dataset.height);

// RGBA as the little-endian words of an ImageData.
const INCLUDE = 0xfff56e1e, EXCLUDE = 0xff0078f0, HOVER_FILL = 0x52ffffff, HOVER_EDGE = 0xfff56e1e;

let segmentation = null;
let hovered = -1;
let cut = null;

// --- Drawing --------------------------------------------------------------------------------------------------------

class Layer {
  constructor(canvas) {
    this.context = canvas.getContext("2d");
    this.image = this.context.createImageData(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  /** Colour superpixels and show what changed. */
  paint(superpixels, colour) {
    let left = width, top = height, right = 0, bottom = 0;
    for (const superpixel of superpixels) {
      const pixels = segmentation.pixelsOf(superpixel);
      for (const pixel of pixels) {
        this.words[pixel] = colour(pixel);
        const x = pixel % width;
        if (x < left) left = x;
        if (x >= right) right = x + 1;
      }
      top = Math.min(top, Math.floor(pixels[0] / width));
      bottom = Math.max(bottom, Math.floor(pixels[pixels.length - 1] / width) + 1);
    }
    if (right > left) this.context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
  }
}

const hoverLayer = new Layer(document.getElementById("hover"));
const anticipationLayer = new Layer(document.getElementById("anticipation"));
let drawn = null; // The state that the anticipation layer shows.
let lit = []; // The superpixels that the hover layer shows.

function hover(superpixel) {
  const region = superpixel < 0 || !cut ? -1 : cut[superpixel];
  if (region === hovered) return;
  hovered = region;
  performance.mark("hover-start");
  hoverLayer.paint(lit, () => 0);
  lit = region < 0 ? [] : segmentation.members(cut, superpixel);
  hoverLayer.paint(lit, (pixel) => (isEdge(pixel) ? HOVER_EDGE : HOVER_FILL));
  performance.measure("hover", "hover-start");
}

function isEdge(pixel) {
  const { labels } = segmentation, region = cut[labels[pixel]], x = pixel % width;
  return (
    x === 0 || x === width - 1 || pixel < width || pixel >= labels.length - width ||
    cut[labels[pixel - 1]] !== region || cut[labels[pixel + 1]] !== region ||
    cut[labels[pixel - width]] !== region || cut[labels[pixel + width]] !== region
  );
}

/** The server's last word with the waiting gestures on top; nothing to show when none waits. */
function showAnticipation() {
  if (!segmentation) return;
  const waiting = queue.waiting.length > 0;
  if (waiting) {
    const state = serverState();
    for (const gesture of queue.waiting) anticipate(state, segmentation, gesture);
    drawn ??= new Uint8Array(state.length);
    const colours = [0, INCLUDE, EXCLUDE];
    for (let s = 0; s < state.length; s++) {
      if (state[s] !== drawn[s]) anticipationLayer.paint([s], () => colours[state[s]]);
    }
    drawn = state;
  }
  layers.classList.toggle("anticipating", waiting);
}

function serverState() {
  return unpackState(document.getElementById("tints").dataset.state, segmentation.count);
}

/** The preview is the photo under a mask made of the tint: nothing more to send. */
function showPortion() {
  const tint = document.getElementById("tint");
  portion.style.maskImage = `url("${tint.src}")`;
  portion.hidden = false;
  document.getElementById("preview").classList.toggle("empty", isEmpty());
}

function isEmpty() {
  return !/[^A=]/.test(document.getElementById("tints").dataset.state);
}

// --- Gestures -------------------------------------------------------------------------------------------------------

const queue = new GestureQueue(send, () => {
  showAnticipation();
  document.getElementById("try-again").hidden = !queue.lost;
  if (queue.lost) {
    const count = queue.waiting.length;
    say(`Connection lost. ${count === 1 ? "One change waits" : `${count} changes wait`} to be sent; trying again.`);
  }
});

async function send(gesture) {
  const channel = document.getElementById("channel");
  let status = 0;
  const note = (event) => { status = event.detail.xhr.status; };
  channel.addEventListener("htmx:afterRequest", note);
  const values = {
    label_map: form.dataset.labelMap, tool: gesture.tool, mode: gesture.mode, level: gesture.level,
    tab: gesture.tab, number: gesture.number,
    points: (gesture.points ?? []).map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "),
  };
  if (gesture.remove) values.remove = "on";
  try {
    await htmx.ajax("POST", form.action, { source: channel, values, swap: "none" });
  } catch {
    // The status tells.
  } finally {
    channel.removeEventListener("htmx:afterRequest", note);
  }
  if (status >= 200 && status < 300) {
    showPortion();
    return "done";
  }
  return status >= 400 && status < 500 ? "refused" : "unreachable";
}

function say(sentence) {
  document.getElementById("status").textContent = sentence;
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

function isInside([x, y]) {
  return x >= 0 && y >= 0 && x < width && y < height;
}

function clamped([x, y]) {
  return [Math.min(Math.max(x, 0), width - 0.01), Math.min(Math.max(y, 0), height - 0.01)];
}

let stroke = null;

stage.addEventListener("pointerdown", (event) => {
  const point = pointOf(event);
  if (event.button !== 0 || !isInside(point)) return;
  if (choice("pointer") === "paint") {
    stroke = { points: [point], remove: event.altKey };
    stage.setPointerCapture(event.pointerId);
  }
});

stage.addEventListener("pointermove", (event) => {
  if (!segmentation) return;
  if (stroke) {
    for (const part of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(clamped(pointOf(part)));
    showStroke();
  }
  if (event.pointerType !== "touch") hover(segmentation.at(...pointOf(event)));
});

stage.addEventListener("pointerup", () => {
  if (!stroke) return;
  const { points, remove } = stroke;
  stroke = null;
  hoverLayer.paint(lit, () => 0);
  lit = [];
  hovered = -1;
  perform("paint", { points: thinned(points), remove });
});

stage.addEventListener("pointercancel", () => { stroke = null; });
stage.addEventListener("pointerleave", () => { if (segmentation) hover(-1); });

stage.addEventListener("click", (event) => {
  const point = pointOf(event);
  if (choice("pointer") === "toggle" && event.detail > 0 && isInside(point)) perform("toggle", { points: [point] });
});

/** Light what the stroke has touched so far. */
function showStroke() {
  const touched = new Set(Array.from(segmentation.under(stroke.points.slice(-8)), (s) => cut[s]));
  const fresh = [];
  const known = new Set(lit);
  for (let s = 0; s < cut.length; s++) if (touched.has(cut[s]) && !known.has(s)) fresh.push(s);
  hoverLayer.paint(fresh, () => HOVER_FILL);
  lit = lit.concat(fresh);
}

/** Points a pixel or more apart, and never more than the server takes in one stroke. */
function thinned(points) {
  const kept = points.filter(([x, y], i) => {
    if (i === 0 || i === points.length - 1) return true;
    const [px, py] = points[i - 1];
    return Math.hypot(x - px, y - py) >= 0.5;
  });
  const stride = Math.ceil(kept.length / 1500);
  return kept.filter((_, i) => i % stride === 0 || i === kept.length - 1);
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.plain !== undefined) return;
  event.preventDefault();
  if (button?.id === "search") search(button);
  else if (button && button.value !== "show" && button.getAttribute("aria-disabled") !== "true") perform(button.value);
});

/** Search for what is on the screen, so only after every gesture has arrived. */
async function search(button) {
  await queue.idle();
  htmx.trigger(button, "asked");
}

document.getElementById("try-again").addEventListener("click", () => queue.retry());

addEventListener("keydown", (event) => {
  if (event.target.matches?.("input:not([type=range]):not([type=radio]), textarea, dialog *")) return;
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key.toLowerCase() === "z") {
    event.preventDefault();
    perform(event.shiftKey ? "redo" : "undo");
  } else if (control && event.key.toLowerCase() === "y") {
    event.preventDefault();
    perform("redo");
  } else if (!control && !event.altKey) {
    shortcut(event.key);
  }
});

function shortcut(key) {
  if (key === "[") slider.step(-1);
  if (key === "]") slider.step(1);
  if (key === "c") form.querySelector("input[name=pointer][value=toggle]").checked = true;
  if (key === "b") form.querySelector("input[name=pointer][value=paint]").checked = true;
  if (key === "i") perform("invert");
}

// --- Granularity ----------------------------------------------------------------------------------------------------

const outline = document.getElementById("outline");
const slider = new LogRange(range);

function outlineUrl(level) {
  return form.dataset.outlineUrl.replace(/0\.png$/, `${level}.png`);
}

function showLevel() {
  const level = Number(range.value);
  form.querySelector(".level-value").textContent = level;
  outline.src = outlineUrl(level);
  history.replaceState(history.state, "", `?level=${level}`);
  if (!segmentation) return;
  cut = segmentation.cut(level);
  hoverLayer.paint(lit, () => 0);
  lit = [];
  hovered = -1;
  prefetchNeighbours(level);
}

/** The outlines one stop coarser and finer, so that the next move of the slider shows at once. */
function prefetchNeighbours(level) {
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
  cut = segmentation.cut(Number(range.value));
  form.dataset.ready = "";
  prefetchNeighbours(Number(range.value));
} catch {
  say("The outlines cannot follow the pointer: they did not load. Clicking works all the same.");
}
