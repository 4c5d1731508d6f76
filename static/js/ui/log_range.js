// A range input that moves logarithmically. Its value stays the plain number that scripts, forms and screen readers
// expect; only where the thumb stands, and what the arrow keys and a drag mean, changes. HTML has no such scale.

import { LogScale } from "../lib/log_scale.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -1 };

export class LogRange {
  #track = document.createElement("span");

  /** @param {HTMLInputElement} input */
  constructor(input) {
    this.input = input;
    this.scale = new LogScale(Number(input.min), Number(input.max));
    this.#track.className = "log-range";
    input.replaceWith(this.#track);
    const thumb = document.createElement("span");
    thumb.className = "log-range-thumb";
    this.#track.append(input, thumb);
    input.addEventListener("input", () => this.#show());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("pointerdown", (event) => this.#press(event));
    this.#show();
  }

  get value() {
    return Number(this.input.value);
  }

  /**
   * One stop finer (+1) or coarser (-1).
   *
   * @param {number} by
   */
  step(by) {
    const next = by > 0 ? this.scale.above(this.value) : this.scale.below(this.value);
    if (next !== undefined) this.#set(next);
  }

  #show() {
    this.#track.style.setProperty("--share", String(this.scale.share(this.value)));
    this.input.setAttribute("aria-valuetext", `${this.value} pieces`);
  }

  /** @param {number} value */
  #set(value) {
    if (this.value === value) return;
    this.input.value = String(value);
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key in STEPS) this.step(STEPS[event.key]);
    else if (event.key === "Home") this.#set(this.scale.low);
    else if (event.key === "End") this.#set(this.scale.high);
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    event.preventDefault();
    this.input.focus();
    const drag = (/** @type {PointerEvent} */ moved) => {
      const box = this.#track.getBoundingClientRect();
      this.#set(this.scale.at(Math.min(Math.max((moved.clientX - box.left) / box.width, 0), 1)));
    };
    const stop = new AbortController();
    this.input.setPointerCapture(event.pointerId);
    this.input.addEventListener("pointermove", drag, { signal: stop.signal });
    this.input.addEventListener("pointerup", () => stop.abort(), { signal: stop.signal });
    this.input.addEventListener("pointercancel", () => stop.abort(), { signal: stop.signal });
    drag(event);
  }
}
