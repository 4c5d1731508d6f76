// Gestures that wait while the person signs in, which takes other pages in this tab: the browser keeps them for it.

/** @import { Gesture } from "../lib/selection.js" */

/** @typedef {{ pageOf: string, gestures: Gesture[] }} Kept whose gestures, in order */

export class KeptGestures {
  #key;
  /** Whether the gestures of this page are safe here. */
  isWritten = false;
  /** @type {Kept | null} what an earlier page has left */
  earlier = null;

  /** @param {string} labelMap whose superpixels they are about */
  constructor(labelMap) {
    this.#key = `gestures ${labelMap}`;
    try {
      this.earlier = JSON.parse(sessionStorage.getItem(this.#key) ?? "null");
    } catch {
      // A browser that keeps nothing.
    }
  }

  /** @param {Kept} kept */
  write(kept) {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(kept));
      this.isWritten = true;
    } catch {
      // A browser that keeps nothing asks before the page is left.
    }
  }

  clear() {
    this.isWritten = false;
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // Nothing can be kept, so nothing is.
    }
  }
}
