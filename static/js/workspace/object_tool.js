// The object tool: a click selects the region under it, a drag means the thing that it circles, strokes or boxes, and a
// double click or long press the thing around the point. With Add or Remove pressed, clicks and strokes correct the
// object that was found last.

import { isStill, readDrawing, sampled } from "../lib/drawings.js";
import { thinned } from "../lib/shapes.js";

/**
 * @import { Drawing } from "../lib/drawings.js"
 * @import { AnticipatedObject } from "./anticipated_object.js"
 * @import { DrawnLine } from "./drawn_line.js"
 * @import { ObjectOptions } from "./object_options.js"
 * @import { Draft } from "./pointer.js"
 */

/** @typedef {{ tool: string, points: Point[], [field: string]: unknown }} ObjectGesture */

/**
 * The last click, of which a second one may make a double click.
 *
 * @typedef {{ number: number, time: number, at: [x: number, y: number] }} Click
 */

const DOUBLE_CLICK_MS = 400, SHOWN_AFTER_MS = 250, LONG_PRESS_MS = 600;
// A hand that holds a mouse still moves it by so many CSS pixels, and a finger by so many; two clicks may lie as far
// apart. So near to where it began a loop closes.
const TREMBLE = 6, TREMBLE_OF_FINGER = 12, GAP = 24;
// As many points as it takes to see what is meant.
const ASKED_POINTS = 60;

export class ObjectTool {
  #options;
  #line;
  #anticipated;
  #scale;
  #perform;
  #clearHover;
  #meant;
  #tremble = TREMBLE;
  /** @type {Click | null} */
  #click = null;
  #isDouble = false;
  /** @type {ReturnType<typeof setTimeout>[]} */
  #timers = [];

  /**
   * @param {object} page
   * @param {ObjectOptions} page.options
   * @param {DrawnLine} page.line
   * @param {AnticipatedObject} page.anticipated
   * @param {() => number} page.scale CSS pixels in a pixel of the working copy
   * @param {(gesture: ObjectGesture) => number} page.perform gives the number of the gesture
   * @param {() => void} page.clearHover let no region be lit
   * @param {(point: Point) => { node?: number }} page.meant what a click means as the region there
   */
  constructor({ options, line, anticipated, scale, perform, clearHover, meant }) {
    this.#meant = meant;
    this.#clearHover = clearHover;
    this.#options = options;
    this.#line = line;
    this.#anticipated = anticipated;
    this.#scale = scale;
    this.#perform = perform;
  }

  /**
   * @param {Draft} draft
   * @param {PointerEvent} event
   * @param {() => void} giveUp let the pointer drop what it draws
   */
  begin(draft, event, giveUp) {
    this.drop();
    this.#tremble = event.pointerType === "touch" ? TREMBLE_OF_FINGER : TREMBLE;
    this.#isDouble = this.#follows(event) && !this.#options.correction(draft.held);
    if (this.#options.correction(draft.held)) return;
    const tap = () => this.#around(draft);
    if (this.#isDouble) this.#anticipated.ask(tap());
    this.#timers = [
      setTimeout(() => { if (this.#isStill(draft)) this.#anticipated.ask(tap()); }, SHOWN_AFTER_MS),
      setTimeout(() => { if (this.#isStill(draft)) this.#press(draft, giveUp); }, LONG_PRESS_MS),
    ];
  }

  /** @param {Draft} draft */
  move(draft) {
    if (this.#isStill(draft)) return;
    this.#clearTimers();
    this.#clearHover();
    const gesture = this.#drawn(draft);
    this.#line.show(draft.points, gesture.start, { gap: this.#gap, removes: gesture.remove === true });
    this.#anticipated.ask({ ...gesture, points: sampled(gesture.points, ASKED_POINTS) });
  }

  /**
   * @param {Draft} draft
   * @param {PointerEvent} event
   */
  finish(draft, event) {
    this.#clearTimers();
    this.#line.clear();
    const correction = this.#options.correction(draft.held);
    if (!this.#isStill(draft)) this.#perform(this.#drawn(draft));
    else if (correction) this.#perform({ ...correction, points: [draft.points[0]] });
    else if (this.#isDouble) this.#performAround(draft);
    else this.#toggle(draft, event);
    this.#anticipated.hold();
  }

  /** Nothing comes of what is drawn. */
  drop() {
    this.#clearTimers();
    this.#line.clear();
    this.#anticipated.drop();
  }

  /**
   * What Enter does with the region that the keyboard is on.
   *
   * @param {{ shift: boolean, alt: boolean }} held
   * @returns {{ tool: string, [field: string]: unknown }}
   */
  onEnter(held) {
    return this.#options.correction(held) ?? (held.shift ? { tool: "object", start: "tap" } : { tool: "toggle" });
  }

  /**
   * @param {Draft} draft
   * @param {PointerEvent} event
   */
  #toggle({ points }, event) {
    const number = this.#perform({ tool: "toggle", points: [points[0]], ...this.#meant(points[0]) });
    this.#click = { number, time: event.timeStamp, at: [event.clientX, event.clientY] };
  }

  /**
   * @param {Draft} draft
   * @param {() => void} giveUp
   */
  #press(draft, giveUp) {
    giveUp();
    this.#isDouble = false;
    this.#performAround(draft);
    this.#anticipated.hold();
  }

  /** @param {Draft} draft */
  #performAround(draft) {
    const first = this.#isDouble ? this.#click : null;
    this.#click = null;
    this.#perform({ ...this.#around(draft), ...(first ? { instead_of: first.number } : {}) });
  }

  /**
   * The thing around the point that is pressed.
   *
   * @param {Draft} draft
   * @returns {ObjectGesture & Drawing}
   */
  #around({ points, held }) {
    return { tool: "object", start: "tap", points: [points[0]], ...(held.alt ? { remove: true } : {}) };
  }

  /**
   * What a drag means.
   *
   * @param {Draft} draft
   * @returns {ObjectGesture & Drawing}
   */
  #drawn({ points, held }) {
    const correction = this.#options.correction(held);
    if (correction) return { ...correction, start: "stroke", points: thinned(points) };
    const isBox = this.#options.isBox !== held.shift;
    const drawing = readDrawing(points, { isBox, gap: this.#gap });
    return { tool: "object", ...drawing, ...(held.alt ? { remove: true } : {}) };
  }

  /** @param {PointerEvent} event */
  #follows({ timeStamp, clientX, clientY }) {
    const click = this.#click;
    if (!click || timeStamp - click.time > DOUBLE_CLICK_MS) return false;
    return Math.hypot(clientX - click.at[0], clientY - click.at[1]) <= this.#tremble;
  }

  /** @param {Draft} draft */
  #isStill({ points }) {
    return isStill(points, this.#tremble / this.#scale());
  }

  get #gap() {
    return GAP / this.#scale();
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
