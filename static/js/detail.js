/**
 * A box on a photo, drawn by pointer or moved by keys; HTML knows number fields alone, which work without this and
 * always hold what is shown.
 */

import { between, moved, opposite, resized } from "./lib/frame.js";
import { byId, find } from "./ui/find.js";
import { announce } from "./ui/messages.js";

/** @import { Frame } from "./lib/frame.js" */

/**
 * What a pointer is doing.
 *
 * @typedef {object} Drag
 * @property {number} pointer
 * @property {Frame} before
 * @property {[x: number, y: number]} start in CSS pixels
 * @property {boolean} hasMoved further than a hand trembles
 * @property {(to: Point) => Frame} frameAt the frame when the pointer is at a point of the original
 */

const INSTRUCTIONS = "Draw a box, or drag this one by its middle or a corner.";
const KEYS = "Arrow keys move it, with Shift they change its size; Enter opens the detail, Esc leaves.";
const TREMBLE = 6;
// So many key presses from one end of the picture to the other.
const STEPS = 100;
const SIDES = /** @type {const} */ (["left", "top", "width", "height"]);
const ARROWS = /** @type {Record<string, Point>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

const form = byId("detail", HTMLFormElement);
const stage = byId("frame_stage", HTMLElement);
const layers = find(stage, ".frame-layers", HTMLElement);
const veil = find(stage, ".frame-veil path", SVGPathElement);
const box = byId("frame", HTMLElement);
const size = byId("frame_size", HTMLOutputElement);
const leave = find(form, "[data-leave]", HTMLAnchorElement);
const numbers = find(form, ".numbers", HTMLDetailsElement);
const limits = {
  width: Number(form.dataset.width), height: Number(form.dataset.height), smallest: Number(form.dataset.smallest),
};
const mostPixels = Number(form.dataset.mostPixels);

let frame = fromFields();
/** @type {Drag | null} */
let drag = null;

/** @param {string} name */
function field(name) {
  return byId(name, HTMLInputElement);
}

/** @returns {Frame} */
function fromFields() {
  const [left = 0, top = 0, width = 0, height = 0] = SIDES.map((name) => field(name).valueAsNumber || 0);
  return { left, top, width, height };
}

/** @param {Frame} next */
function show(next) {
  frame = next;
  for (const name of SIDES) if (field(name).value !== String(frame[name])) field(name).value = String(frame[name]);
  draw();
}

function draw() {
  const { left, top, width, height } = frame;
  box.hidden = false;
  box.style.inset = `${share(top, limits.height)} ${share(limits.width - left - width, limits.width)} `
    + `${share(limits.height - top - height, limits.height)} ${share(left, limits.width)}`;
  veil.setAttribute("d", aroundFrame());
  const isTooLarge = width * height > mostPixels;
  size.classList.toggle("too-many", isTooLarge);
  const many = isTooLarge ? `: at most ${inWords(mostPixels / 1e6)} megapixels can be opened` : "";
  size.textContent = `${inWords(width)} × ${inWords(height)} pixels of the original${many}`;
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  return `${100 * part / whole}%`;
}

/** All of the picture but the frame. */
function aroundFrame() {
  const { left, top, width, height } = frame;
  return `M0 0H${limits.width}V${limits.height}H0Z M${left} ${top}v${height}h${width}v${-height}Z`;
}

/** @param {number} number */
function inWords(number) {
  return number.toLocaleString("en");
}

/* By pointer */

/**
 * @param {PointerEvent} event
 * @returns {Point} in pixels of the original
 */
function pointOf(event) {
  const shown = layers.getBoundingClientRect();
  return [
    limits.width * (event.clientX - shown.left) / shown.width,
    limits.height * (event.clientY - shown.top) / shown.height,
  ];
}

/**
 * @param {PointerEvent} event
 * @returns {Drag["frameAt"]}
 */
function meaningOf(event) {
  const from = pointOf(event), before = frame;
  const target = event.target instanceof HTMLElement ? event.target : null;
  const corner = target?.dataset.corner;
  if (corner) return (to) => between(opposite(before, corner), to, limits);
  if (target === box) return (to) => moved(before, to[0] - from[0], to[1] - from[1], limits);
  return (to) => between(from, to, limits);
}

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || drag || !event.isPrimary) return;
  stage.setPointerCapture(event.pointerId);
  drag = {
    pointer: event.pointerId, before: frame, start: [event.clientX, event.clientY], hasMoved: false,
    frameAt: meaningOf(event),
  };
});

stage.addEventListener("pointermove", (event) => {
  if (drag?.pointer !== event.pointerId) return;
  drag.hasMoved ||= Math.hypot(event.clientX - drag.start[0], event.clientY - drag.start[1]) > TREMBLE;
  if (drag.hasMoved) show(drag.frameAt(pointOf(event)));
});

/** @param {PointerEvent} event */
function endDrag(event) {
  if (drag?.pointer !== event.pointerId) return;
  if (event.type === "pointercancel") show(drag.before);
  drag = null;
}

stage.addEventListener("pointerup", endDrag);
stage.addEventListener("pointercancel", endDrag);

/* By keys */

document.addEventListener("keydown", (event) => {
  if (event.target !== stage && event.target !== document.body) return;
  const arrow = ARROWS[event.key];
  if (event.key === "Enter") form.requestSubmit();
  if (!arrow || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const step = Math.max(1, Math.round(Math.max(limits.width, limits.height) / STEPS));
  const change = event.shiftKey ? resized : moved;
  show(change(frame, step * arrow[0], step * arrow[1], limits));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (drag) {
    show(drag.before);
    drag = null;
  } else if (numbers.open) {
    numbers.open = false;
    find(numbers, "summary", HTMLElement).focus();
  } else {
    leave.click();
  }
});

/* In numbers */

numbers.addEventListener("input", () => {
  frame = fromFields();
  draw();
});
numbers.addEventListener("change", () => {
  const { left, top, width, height } = fromFields();
  show(between([left, top], [left + width, top + height], limits));
});
// The fields are out of sight, where a browser could not say what is wrong with one; the server can.
form.noValidate = true;

show(frame);
announce(matchMedia("(pointer: coarse)").matches ? INSTRUCTIONS : `${INSTRUCTIONS} ${KEYS}`);
