// The slider of the granularity, and the outlines it shows: one picture a level.

import { LogRange } from "../ui/log_range.js";

// Browsers refuse to have the address changed very often.
const ADDRESS_DELAY_MS = 200;

export class Granularity {
  #slider;
  #outline;
  #outlineUrl;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #addressTimer;

  /**
   * @param {object} page
   * @param {HTMLInputElement} page.range
   * @param {HTMLImageElement} page.outline
   * @param {string} page.outlineUrl the address of the outline of level 0
   */
  constructor({ range, outline, outlineUrl }) {
    this.#slider = new LogRange(range);
    this.#outline = outline;
    this.#outlineUrl = outlineUrl;
    range.addEventListener("input", () => this.#show());
    // An outline that was lost with the connection comes back with it.
    addEventListener("online", () => { if (!outline.naturalWidth) outline.src = this.#urlOf(this.level); });
  }

  get level() {
    return this.#slider.value;
  }

  /**
   * One stop finer (+1) or coarser (-1).
   *
   * @param {number} by
   */
  step(by) {
    this.#slider.step(by);
  }

  /** Fetch the outlines one stop coarser and finer, so that the next move of the slider shows at once. */
  prefetch() {
    const { scale, value } = this.#slider;
    for (const near of [scale.below(value), scale.above(value)]) {
      if (near === undefined) continue;
      const image = new Image();
      image.fetchPriority = "low";
      image.src = this.#urlOf(near);
    }
  }

  #show() {
    const { level } = this;
    this.#outline.src = this.#urlOf(level);
    this.#noteInAddress(level);
  }

  /**
   * Keep the level in the address, once the slider rests.
   *
   * @param {number} level
   */
  #noteInAddress(level) {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => {
      // The pop-up has an address of its own.
      if (history.state?.popup !== undefined) return;
      const url = new URL(location.href);
      url.searchParams.set("level", String(level));
      history.replaceState(history.state, "", url);
    }, ADDRESS_DELAY_MS);
  }

  /** @param {number} level */
  #urlOf(level) {
    return this.#outlineUrl.replace(/0\.png$/, `${level}.png`);
  }
}
