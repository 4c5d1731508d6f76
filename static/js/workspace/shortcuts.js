// Keys that work wherever the focus is, unless something is being typed.

import { meant } from "../lib/keys.js";
import { byId } from "../ui/find.js";
import { keep } from "../ui/kept.js";

/**
 * @import { Viewport } from "../ui/viewport.js"
 * @import { Cutout } from "./cutout.js"
 * @import { Granularity } from "./granularity.js"
 * @import { Toolbar } from "./toolbar.js"
 */

const ZOOM_STEP = 1.5;

// Controls that need the keys themselves.
const TYPED_INTO = "input:not([type=range], [type=radio], [type=checkbox]), select, textarea, #drawer *";

/** @type {Record<string, string>} */
const ZOOM_KEYS = { 0: "fit", "+": "in", "=": "in", "-": "out" };

/**
 * @param {Viewport} viewport
 * @param {string | undefined} which "fit", "in" or "out"
 */
export function zoom(viewport, which) {
  if (which === "fit") viewport.fit();
  else viewport.zoomCentre(which === "in" ? ZOOM_STEP : 1 / ZOOM_STEP);
}

export class Shortcuts {
  #toolbar;
  #granularity;
  #viewport;
  #perform;
  #cutout;
  #keys = byId("keys", HTMLDialogElement);

  /**
   * @param {object} page
   * @param {Toolbar} page.toolbar
   * @param {Granularity} page.granularity
   * @param {Viewport} page.viewport
   * @param {(gesture: { tool: string }) => void} page.perform
   * @param {Cutout} page.cutout
   */
  constructor({ toolbar, granularity, viewport, perform, cutout }) {
    this.#toolbar = toolbar;
    this.#granularity = granularity;
    this.#viewport = viewport;
    this.#perform = perform;
    this.#cutout = cutout;
    byId("show-keys", HTMLElement).addEventListener("click", () => this.#keys.showModal());
    this.#keys.addEventListener("click", ({ target }) => { if (target === this.#keys) this.#keys.close(); });
    addEventListener("keydown", (event) => this.#keyDown(event));
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target instanceof Element && event.target.matches(TYPED_INTO)) return;
    // Where brackets are typed with AltGr or Option they come with modifiers, which are then no command.
    const isTyped = event.getModifierState("AltGraph") || (event.altKey && /[[\]]/.test(event.key) && !event.metaKey);
    const isCommand = (event.ctrlKey || event.metaKey) && !isTyped;
    const key = meant(event);
    const isRedo = (key === "z" && event.shiftKey) || key === "y";
    if (isCommand && (key === "z" || key === "y")) this.#perform({ tool: isRedo ? "redo" : "undo" });
    else if (isCommand || (event.altKey && !isTyped) || !this.#do(key, event.repeat)) return;
    event.preventDefault();
  }

  /**
   * Whether a key was one of ours. A key held down repeats only what makes sense again and again.
   *
   * @param {string} key
   * @param {boolean} isRepeated
   */
  #do(key, isRepeated) {
    if (this.#toolbar.chooseByKey(key)) return true;
    if (key in ZOOM_KEYS) zoom(this.#viewport, ZOOM_KEYS[key]);
    else if (key === "[" || key === "]") this.#granularity.step(key === "]" ? 1 : -1);
    else if (key === "." || key === ",") this.#perform({ tool: key === "." ? "larger" : "smaller" });
    else if (!this.#isSwitch(key)) return false;
    else if (!isRepeated) this.#switch(key);
    return true;
  }

  /** @param {string} key */
  #isSwitch(key) {
    return ["x", "i", "o", "p", "?"].includes(key);
  }

  /** @param {string} key */
  #switch(key) {
    if (key === "x") this.#toolbar.switchMode();
    else if (key === "i") this.#perform({ tool: "invert" });
    else if (key === "o") switchOutlines();
    else if (key === "p") this.#cutout.toggle();
    else this.#keys.showModal();
  }
}

function switchOutlines() {
  const { dataset } = document.documentElement;
  dataset.outlines = dataset.outlines === "hidden" ? "" : "hidden";
  keep("outlines", dataset.outlines);
}
