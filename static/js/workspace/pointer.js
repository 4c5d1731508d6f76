// From pointer events on the stage to gestures; and zooming and panning with wheel, space bar, middle button and two
// fingers. HTML has an image button that knows clicks alone.

import { hint, pointsToSend, pointsToShow } from "../lib/shapes.js";
import { whatToSend } from "../lib/tools.js";
import { announce } from "../ui/messages.js";

/**
 * @import { Shape } from "../lib/shapes.js"
 * @import { Held, Tool } from "../lib/tools.js"
 * @import { ObjectTool } from "./object_tool.js"
 * @import { Viewport } from "../ui/viewport.js"
 */

/**
 * What is being drawn while a button or a finger is down.
 *
 * @typedef {object} Draft
 * @property {Tool} tool
 * @property {Held} held
 * @property {Point[]} points
 * @property {number} pointer
 * @property {[x: number, y: number]} start in CSS pixels
 * @property {number} reach how far from there it has been, in CSS pixels
 */

/** @typedef {{ shape: Shape, points: Point[] }} Sketch */

// A hand with a mouse or pen trembles by so many CSS pixels during a click, and a finger by so many.
const TREMBLE = 6, TREMBLE_OF_FINGER = 12;

export class Pointer {
  /** @type {Draft | null} */
  draft = null;
  /** @type {Map<number, PointerEvent>} */
  #touches = new Map();
  /** @type {PointerEvent | null} */
  #panning = null;
  /** @type {ReturnType<typeof spread> | null} */
  #pinched = null;
  #isSpaceDown = false;
  /** @type {Element | null} the control that was clicked last, until the keyboard moves the focus */
  #clicked = null;
  #stage;
  #viewport;
  #toolbar;
  #perform;
  #sketch;
  #around;
  #step;
  #objects;

  /**
   * @param {object} page
   * @param {HTMLElement} page.stage
   * @param {Viewport} page.viewport
   * @param {{ tool: Tool, isOtherWay: boolean }} page.toolbar
   * @param {ObjectTool} page.objects draws and finishes drafts of its own tool
   * @param {(gesture: { tool: string, points: Point[] }) => void} page.perform
   * @param {(sketch: Sketch | null) => void} page.sketch show what is being drawn
   * @param {(point: Point) => { node?: number }} page.around what a click means as the region there
   * @param {(event: WheelEvent) => void} page.step to the next larger or smaller part under the pointer
   * @param {{ width: number, height: number }} size of the working copy
   */
  constructor({ stage, viewport, toolbar, objects, perform, sketch, around, step }, { width, height }) {
    this.#stage = stage;
    this.#viewport = viewport;
    this.#toolbar = toolbar;
    this.#perform = perform;
    this.#sketch = sketch;
    this.#around = around;
    this.#step = step;
    this.#objects = objects;
    this.width = width;
    this.height = height;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#cancel(event));
    // A long press means something here. A mouse has a button for its menu.
    stage.addEventListener("contextmenu", (event) => { if (this.draft || this.#touches.size) event.preventDefault(); });
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    // In the capture phase, before the page closes its drawer on Escape.
    addEventListener("keydown", (event) => this.#keyDown(event), true);
    addEventListener("pointerdown", (event) => { this.#clicked = controlOf(event.target); }, true);
    addEventListener("keyup", (event) => this.#keyUp(event));
    addEventListener("blur", () => { this.#isSpaceDown = false; });
  }

  /**
   * A pointer's or a wheel's event in pixels of the working copy, to the hundredth that the server is told too.
   *
   * @param {MouseEvent} event
   * @returns {Point}
   */
  pointOf(event) {
    const box = this.#viewport.layers.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    return [Math.floor(100 * this.width * x) / 100, Math.floor(100 * this.height * y) / 100];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType === "touch") this.#touches.set(event.pointerId, event);
    if (this.#touches.size === 2) this.#beginPinch();
    else if (!this.#pinched) this.#press(event);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button === 1 || (event.button === 0 && this.#isSpaceDown)) {
      event.preventDefault();
      this.#panning = event;
      this.#stage.setPointerCapture(event.pointerId);
      return;
    }
    const point = this.pointOf(event);
    if (event.button !== 0 || this.draft || !this.#isInside(point)) return;
    this.#stage.setPointerCapture(event.pointerId);
    const { tool } = this.#toolbar;
    const isDrawnAnyWay = tool.shape === "object";
    const isOtherWay = this.#toolbar.isOtherWay && !isDrawnAnyWay;
    this.draft = {
      tool,
      held: { shift: event.shiftKey || isOtherWay, alt: event.altKey || isOtherWay },
      points: [this.#clamped(point)],
      pointer: event.pointerId,
      start: [event.clientX, event.clientY],
      reach: 0,
    };
    if (isDrawnAnyWay) this.#objects.begin(this.draft, event, () => this.#giveUp());
    this.#show(this.draft);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const { draft } = this;
    if (this.#pinched && this.#touches.has(event.pointerId)) {
      this.#pinch(event, this.#pinched);
    } else if (this.#panning?.pointerId === event.pointerId) {
      this.#viewport.pan(event.clientX - this.#panning.clientX, event.clientY - this.#panning.clientY);
      this.#panning = event;
    } else if (draft?.pointer === event.pointerId) {
      const parts = event.getCoalescedEvents?.() ?? [];
      for (const part of parts.length ? parts : [event]) this.#extend(draft, part);
      this.#show(draft);
    }
  }

  /**
   * @param {Draft} draft
   * @param {PointerEvent} event
   */
  #extend(draft, event) {
    draft.points.push(this.#clamped(this.pointOf(event)));
    draft.reach = Math.max(draft.reach, Math.hypot(event.clientX - draft.start[0], event.clientY - draft.start[1]));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#touches.delete(event.pointerId);
    const { draft } = this;
    if (this.#pinched) {
      if (!this.#touches.size) this.#pinched = null;
    } else if (this.#panning?.pointerId === event.pointerId) {
      this.#panning = null;
    } else if (draft?.pointer === event.pointerId) {
      this.draft = null;
      this.#sketch(null);
      this.#finish(draft, event);
    }
  }

  /** Let go of what is being drawn; the object tool has made something of it already. */
  #giveUp() {
    this.draft = null;
    this.#sketch(null);
  }

  #drop() {
    if (this.draft?.tool.shape === "object") this.#objects.drop();
    this.#giveUp();
  }

  /** @param {PointerEvent} event */
  #cancel(event) {
    this.#touches.delete(event.pointerId);
    this.#panning = null;
    if (!this.#touches.size) this.#pinched = null;
    this.#drop();
  }

  /**
   * @param {Draft} draft
   * @param {PointerEvent} event
   */
  #finish(draft, event) {
    const { tool, held, points, start, reach } = draft;
    if (tool.shape === "object") {
      this.#objects.finish(draft, event);
      return;
    }
    const tremble = event.pointerType === "touch" ? TREMBLE_OF_FINGER : TREMBLE;
    const moved = Math.max(reach, Math.hypot(event.clientX - start[0], event.clientY - start[1]));
    const isStill = moved <= tremble;
    const drawn = pointsToSend(tool.shape, points, isStill);
    if (!drawn) announce(hint(tool.shape), "info");
    else if (isStill) this.#perform({ ...whatToSend(tool, held), points: drawn, ...this.#around(drawn[0]) });
    else this.#perform({ ...whatToSend(tool, held), points: drawn });
  }

  /** @param {Draft} draft */
  #show(draft) {
    const { tool: { shape }, points } = draft;
    if (shape === "object") this.#objects.move(draft);
    const shown = pointsToShow(shape, points);
    if (shown) this.#sketch({ shape, points: shown });
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    // With Ctrl it is a pinch, whatever else is held.
    if (event.altKey && !event.ctrlKey) {
      if (!this.draft) this.#step(event);
      return;
    }
    // A trackpad's pinch arrives as a wheel with Ctrl, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#viewport.zoom(Math.exp(-event.deltaY * lines * speed), event.clientX, event.clientY);
  }

  #beginPinch() {
    // The first finger has begun a gesture of its own, which it turns out not to mean.
    this.#drop();
    this.#pinched = spread([...this.#touches.values()]);
  }

  /**
   * @param {PointerEvent} event
   * @param {ReturnType<typeof spread>} before
   */
  #pinch(event, before) {
    this.#touches.set(event.pointerId, event);
    if (this.#touches.size !== 2) return;
    const now = spread([...this.#touches.values()]);
    this.#viewport.zoom(now.size / before.size, before.x, before.y, now.x - before.x, now.y - before.y);
    this.#pinched = now;
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.key === "Tab") this.#clicked = null;
    if (event.key === "Escape" && this.draft) {
      event.preventDefault();
      this.#drop();
    }
    // Alt alone would open the browser's menu on some systems.
    if (event.key === "Alt" && (this.draft || this.#stage.matches(":hover"))) event.preventDefault();
    if (event.key === " " && this.#isSpaceFree(event.target)) {
      event.preventDefault();
      this.#holdSpace(true);
    }
  }

  /** @param {KeyboardEvent} event */
  #keyUp(event) {
    if (event.key !== " ") return;
    if (this.#isSpaceDown) event.preventDefault();
    this.#holdSpace(false);
  }

  /** @param {boolean} isDown */
  #holdSpace(isDown) {
    this.#isSpaceDown = isDown;
    this.#stage.classList.toggle("grab", isDown);
  }

  /**
   * Whether the space bar is ours. A control that the keyboard is on needs it; one that was only clicked does not.
   *
   * @param {EventTarget | null} target
   */
  #isSpaceFree(target) {
    const control = controlOf(target);
    if (!control) return true;
    // A browser shows the focus of what was only clicked, too, as soon as a key is pressed.
    const isOnKeyboard = control !== this.#clicked && control.matches(":focus-visible");
    return !isOnKeyboard && !control.matches("dialog, dialog *") && this.#stage.matches(":hover");
  }

  /** @param {Point} point */
  #isInside([x, y]) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /**
   * To the edge of the photo: a hand that slips over it means the edge.
   *
   * @param {Point} point
   * @returns {Point}
   */
  #clamped([x, y]) {
    return [Math.min(Math.max(x, 0), this.width - 0.01), Math.min(Math.max(y, 0), this.height - 0.01)];
  }
}

/** @param {EventTarget | null} target */
function controlOf(target) {
  return target instanceof Element ? target.closest("button, input, select, textarea, summary, dialog, a") : null;
}

/**
 * The middle between two fingers, and how far apart they are.
 *
 * @param {PointerEvent[]} fingers
 */
function spread([a, b]) {
  return {
    x: (a.clientX + b.clientX) / 2,
    y: (a.clientY + b.clientY) / 2,
    size: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
  };
}
