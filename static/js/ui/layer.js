// Drawing superpixels on a canvas the size of the photo. What is painted is collected in memory and shown at once, and
// only the part of the canvas that has changed is touched.

/** @import { Segmentation } from "../lib/segmentation.js" */

/** The length of a dash along a row or column of pixels. */
const DASH = 6;

export class Layer {
  #context;
  #image;
  /** RGBA as the little-endian words of an ImageData. */
  #words;
  #used = nothing();
  #stale = nothing();

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.width = canvas.width;
    this.height = canvas.height;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser does not draw on a canvas.");
    this.#context = context;
    this.#image = context.createImageData(canvas.width, canvas.height);
    this.#words = new Uint32Array(this.#image.data.buffer);
  }

  /**
   * Paint superpixels in one colour.
   *
   * @param {Segmentation} segmentation
   * @param {Iterable<number>} superpixels
   * @param {number} word the colour, as ABGR
   * @param {{ striped?: boolean }} [options] in the bands of the tints, clear between them
   */
  fill(segmentation, superpixels, word, { striped = false } = {}) {
    const { width } = this;
    const words = this.#words;
    for (const superpixel of superpixels) {
      const pixels = segmentation.pixelsOf(superpixel);
      for (let i = 0; i < pixels.length; i++) words[pixels[i]] = striped && isGap(pixels[i], width) ? 0 : word;
      this.#note(...segmentation.boxOf(superpixel));
    }
  }

  /**
   * Paint squares around pixels, which make a line where the pixels lie side by side.
   *
   * @param {Iterable<number>} pixels
   * @param {number} word the colour, as ABGR
   * @param {number} [radius]
   */
  line(pixels, word, radius = 0) {
    const { width, height } = this;
    const words = this.#words;
    for (const pixel of pixels) {
      const x = pixel % width, y = (pixel - x) / width;
      const left = Math.max(x - radius, 0), right = Math.min(x + radius + 1, width);
      const top = Math.max(y - radius, 0), bottom = Math.min(y + radius + 1, height);
      for (let row = top; row < bottom; row++) words.fill(word, row * width + left, row * width + right);
      this.#note(left, top, right, bottom);
    }
  }

  /**
   * Paint pixels in dashes of two colours by turns.
   *
   * @param {Iterable<number>} pixels
   * @param {number} one a colour, as ABGR
   * @param {number} other
   */
  dashes(pixels, one, other) {
    for (const pixel of pixels) {
      const x = pixel % this.width, y = (pixel - x) / this.width;
      this.#words[pixel] = (x + y) % (2 * DASH) < DASH ? one : other;
      this.#note(x, y, x + 1, y + 1);
    }
  }

  /** Forget all that was painted. */
  erase() {
    const { left, top, right, bottom } = this.#used;
    for (let row = top; row < bottom; row++) this.#words.fill(0, row * this.width + left, row * this.width + right);
    this.#used = nothing();
  }

  /** Bring what was painted or erased onto the canvas. */
  show() {
    const { left, top, right, bottom } = this.#stale;
    if (right > left) this.#context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
    // What is used stays stale: the next time it may have been erased.
    this.#stale = { ...this.#used };
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   */
  #note(left, top, right, bottom) {
    for (const box of [this.#used, this.#stale]) {
      if (left < box.left) box.left = left;
      if (top < box.top) box.top = top;
      if (right > box.right) box.right = right;
      if (bottom > box.bottom) box.bottom = bottom;
    }
  }
}

/**
 * Four pixels of stripe, four of gap, one pixel further left in each row.
 *
 * @param {number} pixel
 * @param {number} width of the photo
 */
function isGap(pixel, width) {
  const x = pixel % width;
  return (x + (pixel - x) / width) % 8 >= 4;
}

function nothing() {
  return { left: Infinity, top: Infinity, right: 0, bottom: 0 };
}
