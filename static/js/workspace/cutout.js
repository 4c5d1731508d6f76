// The pane of the cut-out: how wide it is, by mouse, finger or keyboard; hidden or shown, and as an inset larger. What is
// chosen is remembered for the next photo, see remembered.js.

import { byId } from "../ui/find.js";
import { keep } from "../ui/kept.js";

const LEAST = 15, MOST = 60, DEFAULT = 33, STEP = 2;
/** @type {Record<string, number>} */
const STEPS = { ArrowLeft: STEP, ArrowUp: STEP, ArrowRight: -STEP, ArrowDown: -STEP };

export class Cutout {
  #root = document.documentElement;
  #splitter;
  #panes;
  #enlarge = byId("enlarge-cutout", HTMLButtonElement);
  #show = byId("show-cutout", HTMLButtonElement);
  #hide = byId("hide-cutout", HTMLButtonElement);

  /** @param {HTMLElement} splitter between stage and cut-out */
  constructor(splitter) {
    if (!splitter.parentElement) throw new TypeError("A splitter needs an element around both panes.");
    this.#splitter = splitter;
    this.#panes = splitter.parentElement;
    splitter.addEventListener("pointerdown", (event) => this.#press(event));
    splitter.addEventListener("keydown", (event) => this.#key(event));
    splitter.addEventListener("dblclick", () => this.#set(DEFAULT));
    this.#enlarge.addEventListener("click", () => this.#become(this.#state === "large" ? "" : "large"));
    this.#hide.addEventListener("click", () => this.toggle());
    this.#show.addEventListener("click", () => this.toggle());
    this.#tell();
  }

  /** Hide it, or show it again; the focus stays on the button that does the opposite. */
  toggle() {
    const hadFocus = [this.#hide, this.#show].includes(/** @type {any} */ (document.activeElement));
    this.#become(this.#state === "hidden" ? "" : "hidden");
    if (hadFocus) (this.#state === "hidden" ? this.#show : this.#hide).focus();
  }

  get #state() {
    return this.#root.dataset.cutout ?? "";
  }

  /** @param {string} state "hidden", "large" or, as usual, "" */
  #become(state) {
    this.#root.dataset.cutout = state;
    keep("cutout", state);
    this.#tell();
  }

  get #share() {
    return parseFloat(this.#root.style.getPropertyValue("--cutout-share")) || DEFAULT;
  }

  /** @param {number} share of the width, in per cent */
  #set(share) {
    const bounded = Math.min(Math.max(share, LEAST), MOST);
    this.#root.style.setProperty("--cutout-share", `${bounded}%`);
    keep("cutout-share", String(bounded));
    this.#tell();
  }

  #tell() {
    this.#splitter.ariaValueNow = String(Math.round(this.#share));
    this.#enlarge.ariaPressed = String(this.#state === "large");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key in STEPS) this.#set(this.#share + STEPS[event.key]);
    else if (event.key === "Home") this.#set(LEAST);
    else if (event.key === "End") this.#set(MOST);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    const { right, width } = this.#panes.getBoundingClientRect();
    const stop = new AbortController();
    const until = { signal: stop.signal };
    this.#splitter.setPointerCapture(event.pointerId);
    this.#splitter.addEventListener("pointermove", (moved) => {
      this.#set((100 * (right - moved.clientX)) / width);
    }, until);
    for (const type of ["pointerup", "pointercancel"]) this.#splitter.addEventListener(type, () => stop.abort(), until);
  }
}
