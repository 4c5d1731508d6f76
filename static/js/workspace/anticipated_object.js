// The object that a drawing will come to, as a moving outline on the photo: the server finds it while the hand still
// draws. One request is under way at a time, for what was drawn last; the outline stays until the answer to the gesture
// is there.

import { contours } from "../lib/contours.js";
import { timed } from "../lib/timing.js";
import { findAll } from "../ui/find.js";
import { ownHeaders } from "../ui/whose_page.js";

/**
 * @import { Segmentation } from "../lib/segmentation.js"
 * @import { Gesture } from "../lib/selection.js"
 */

/** @typedef {{ tool: string, points?: Point[], [field: string]: unknown }} Asked */

export class AnticipatedObject {
  #outline;
  #url;
  #labelMap;
  #complete;
  /** @type {Segmentation | null} */
  #segmentation = null;
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {Asked | null} what has been drawn since */
  #waiting = null;

  /**
   * @param {object} page
   * @param {SVGGElement} page.outline holds paths, which get the same line
   * @param {string} page.url
   * @param {string} page.labelMap
   * @param {(gesture: Asked) => Gesture} page.complete adds what is chosen besides the tool
   */
  constructor({ outline, url, labelMap, complete }) {
    this.#complete = complete;
    this.#outline = outline;
    this.#url = url;
    this.#labelMap = labelMap;
  }

  /** @param {Segmentation} segmentation */
  use(segmentation) {
    this.#segmentation = segmentation;
    // What all objects need to know of the photo, so that the first one need not wait for it.
    this.#fetch({ tool: "show" }, new AbortController().signal).catch(() => {});
  }

  /**
   * Show what a gesture would find. It is no gesture yet.
   *
   * @param {Asked} gesture
   */
  ask(gesture) {
    this.#outline.classList.add("drawn");
    this.#waiting = gesture;
    if (!this.#asking) this.#drain();
  }

  /** The gesture is made: its outline stays until it is answered, which a class of the layers says. */
  hold() {
    this.#waiting = null;
    this.#outline.classList.remove("drawn");
  }

  /** Nothing comes of it. */
  drop() {
    this.hold();
    this.#asking?.abort();
    this.#asking = null;
    this.#draw("");
  }

  async #drain() {
    const asking = (this.#asking = new AbortController());
    while (this.#waiting && this.#asking === asking) {
      const gesture = this.#waiting;
      this.#waiting = null;
      try {
        this.#show(await this.#fetch(gesture, asking.signal), asking);
      } catch {
        // Given up, or no connection: the gesture itself will tell.
      }
    }
    if (this.#asking === asking) this.#asking = null;
  }

  /**
   * @param {Asked} gesture
   * @param {AbortSignal} signal
   * @returns {Promise<Uint8Array>} packed bits; none where the gesture means no object
   */
  async #fetch(gesture, signal) {
    const { points = [], ...fields } = this.#complete(gesture);
    const asked = new URLSearchParams({ label_map: this.#labelMap });
    for (const [name, value] of Object.entries(fields)) asked.set(name, String(value));
    asked.set("points", points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    const answer = await fetch(`${this.#url}?${asked}`, { headers: ownHeaders(), signal });
    return answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : new Uint8Array();
  }

  /**
   * @param {Uint8Array} bits
   * @param {AbortController} asking
   */
  #show(bits, asking) {
    const segmentation = this.#segmentation;
    if (!segmentation || this.#asking !== asking) return;
    timed("object", () => {
      this.#draw(contours(segmentation, (s) => (bits[s >> 3] & (0x80 >> (s & 7))) !== 0));
    });
  }

  /** @param {string} line */
  #draw(line) {
    for (const path of findAll(this.#outline, "path", SVGPathElement)) path.setAttribute("d", line);
  }
}
