// The look in which what is included keeps its own colours: a grey lies over the rest, and around it a light and a dark
// line, as in the server's pictures (rendering.layers.rest_png). Two canvases show the same: one takes the colours of the
// rest away, the other dims it. Only the part that has changed is painted.

/** @import { Segmentation } from "../lib/segmentation.js" */

// As the words of an ImageData, which are ABGR.
const REST = 0x99282828, LIGHT_EDGE = 0xf0ffffff, DARK_EDGE = 0xcc000000, CLEAR = 0;
// What a superpixel is drawn as.
const PLAIN = 0, DIMMED = 1, LIT = 2;
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

export class OwnColours {
  #layers;
  #contexts;
  #image;
  #words;
  /** @type {Uint8Array | null} what each superpixel is drawn as */
  #drawn = null;
  /** How wide the light line is, and the light and the dark one together. */
  #lightWidth;
  #edgeWidth;

  /**
   * @param {HTMLElement} layers
   * @param {HTMLCanvasElement[]} canvases of the size of the photo
   */
  constructor(layers, canvases) {
    this.#layers = layers;
    const [{ width, height }] = canvases;
    this.#lightWidth = Math.max(1, Math.floor((Math.max(width, height) + 256) / 512));
    this.#edgeWidth = this.#lightWidth + 1;
    this.#contexts = canvases.map((canvas) => {
      const context = canvas.getContext("2d");
      if (!context) throw new Error("This browser does not draw on a canvas.");
      return context;
    });
    this.#image = this.#contexts[0].createImageData(width, height);
    this.#words = new Uint32Array(this.#image.data.buffer);
  }

  /**
   * @param {Segmentation} segmentation
   * @param {Uint8Array} state what each superpixel is marked as
   */
  draw(segmentation, state) {
    const hasIncluded = state.includes(1);
    const kinds = state.map((mark) => (mark === 1 ? LIT : mark === 2 || hasIncluded ? DIMMED : PLAIN));
    const box = this.#changed(segmentation, kinds);
    this.#drawn = kinds;
    this.#layers.querySelector("#tints")?.classList.toggle("dimmed", hasIncluded);
    this.#layers.classList.add("drawn");
    if (box.right <= box.left) return;
    this.#fill(segmentation, kinds, box);
    const edge = edgeOf(segmentation, kinds, box, this.#edgeWidth);
    this.#line(segmentation, kinds, box, edge, this.#edgeWidth, DARK_EDGE);
    this.#line(segmentation, kinds, box, edge, this.#lightWidth, LIGHT_EDGE);
    const { left, top, right, bottom } = box;
    for (const context of this.#contexts) {
      context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
    }
  }

  /**
   * Around all that is drawn as something else from now on, and the edges there.
   *
   * @param {Segmentation} segmentation
   * @param {Uint8Array} kinds
   * @returns {Box}
   */
  #changed(segmentation, kinds) {
    const before = this.#drawn, margin = this.#edgeWidth;
    const { width, height } = segmentation;
    const box = { left: width, top: height, right: 0, bottom: 0 };
    for (let s = 0; s < kinds.length; s++) {
      if (kinds[s] === (before ? before[s] : PLAIN)) continue;
      const [left, top, right, bottom] = segmentation.boxOf(s);
      box.left = Math.max(Math.min(box.left, left - margin), 0);
      box.top = Math.max(Math.min(box.top, top - margin), 0);
      box.right = Math.min(Math.max(box.right, right + margin), width);
      box.bottom = Math.min(Math.max(box.bottom, bottom + margin), height);
    }
    return box;
  }

  /**
   * @param {Segmentation} segmentation
   * @param {Uint8Array} kinds
   * @param {Box} box
   */
  #fill({ labels, width }, kinds, { left, top, right, bottom }) {
    const words = this.#words;
    for (let y = top; y < bottom; y++) {
      for (let p = y * width + left; p < y * width + right; p++) words[p] = kinds[labels[p]] === DIMMED ? REST : CLEAR;
    }
  }

  /**
   * Paint squares around the pixels of an edge, outside what is lit.
   *
   * @param {Segmentation} segmentation
   * @param {Uint8Array} kinds
   * @param {Box} box
   * @param {number[]} edge
   * @param {number} radius
   * @param {number} word
   */
  #line({ labels, width }, kinds, box, edge, radius, word) {
    const words = this.#words;
    for (const pixel of edge) {
      const x = pixel % width, y = (pixel - x) / width;
      const left = Math.max(x - radius, box.left), right = Math.min(x + radius + 1, box.right);
      const bottom = Math.min(y + radius + 1, box.bottom);
      for (let row = Math.max(y - radius, box.top); row < bottom; row++) {
        for (let p = row * width + left; p < row * width + right; p++) if (kinds[labels[p]] !== LIT) words[p] = word;
      }
    }
  }
}

/**
 * The pixels in and around a box that are lit and have a neighbour that is not.
 *
 * @param {Segmentation} segmentation
 * @param {Uint8Array} kinds
 * @param {Box} box
 * @param {number} margin
 */
function edgeOf(segmentation, kinds, box, margin) {
  const { labels, width, height, borders, borderStarts } = segmentation;
  const isDark = (/** @type {number} */ pixel) => kinds[labels[pixel]] !== LIT;
  const found = [];
  for (let s = 0; s < kinds.length; s++) {
    if (kinds[s] !== LIT) continue;
    const [left, top, right, bottom] = segmentation.boxOf(s);
    const isAway = left > box.right + margin || right < box.left - margin ||
      top > box.bottom + margin || bottom < box.top - margin;
    if (isAway) continue;
    for (let i = borderStarts[s]; i < borderStarts[s + 1]; i++) {
      const p = borders[i], x = p % width;
      const isEdge = (x > 0 && isDark(p - 1)) || (x < width - 1 && isDark(p + 1)) ||
        (p >= width && isDark(p - width)) || (p < width * (height - 1) && isDark(p + width));
      if (isEdge) found.push(p);
    }
  }
  return found;
}
