// The preview is the photo under a mask made of a tint: nothing more to send. When the selection has been left alone for a
// moment, the server's mask takes its place, which has the soft edge of the file that can be saved.

import { ownHeaders } from "../ui/whose_page.js";
import { Viewport } from "../ui/viewport.js";

/**
 * @import { Segmentation } from "../lib/segmentation.js"
 * @import { Inset } from "./inset.js"
 */

// Who makes a selection click by click is not to cause a mask for each click.
const SOFT_DELAY_MS = 400;

export class Preview {
  #element;
  #portion;
  #inPlace;
  #fit;
  #size;
  #inset;
  #viewport;
  /** @type {Segmentation | null} */
  #segmentation = null;
  /** @type {Uint8Array} what is shown, or will be once its mask is decoded */
  #state = new Uint8Array();
  #matteUrl;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #softTimer;
  /** The server's mask that is shown, if any. */
  #matte = "";

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.element
   * @param {HTMLElement} parts.layers
   * @param {HTMLElement} parts.portion the photo that is masked
   * @param {HTMLElement} parts.inPlace the same on the stage, on white
   * @param {HTMLInputElement} parts.fit whether to enlarge the selected portion
   * @param {HTMLSelectElement} parts.background
   * @param {string} parts.matteUrl of the mask with a soft edge
   * @param {Inset} parts.inset which gives way to what is selected
   * @param {{ width: number, height: number }} size of the working copy
   */
  constructor({ element, layers, portion, inPlace, fit, background, matteUrl, inset }, size) {
    this.#element = element;
    this.#portion = portion;
    this.#inPlace = inPlace;
    this.#fit = fit;
    this.#size = size;
    this.#matteUrl = matteUrl;
    this.#inset = inset;
    this.#viewport = new Viewport(layers);
    fit.addEventListener("change", () => this.#place());
    new ResizeObserver(() => this.#place()).observe(element);
    background.addEventListener("change", () => { element.dataset.background = background.value; });
  }

  /**
   * From here on it is known where superpixels lie, which fitting to the selection needs.
   *
   * @param {Segmentation} segmentation
   */
  use(segmentation) {
    this.#segmentation = segmentation;
    this.#place();
  }

  /**
   * Show a selection. The mask is decoded first, or the portion would vanish for a moment.
   *
   * @param {Uint8Array} state what each superpixel is marked as
   * @param {string} url of the tint of what is included
   * @param {{ isFinal?: boolean }} [options] whether the server says so
   */
  async show(state, url, { isFinal = false } = {}) {
    this.#state = state;
    clearTimeout(this.#softTimer);
    const mask = new Image();
    mask.src = url;
    await mask.decode().catch(() => {});
    if (this.#state !== state) return;
    this.#mask(url);
    this.#portion.hidden = false;
    if (isFinal && state.includes(1)) this.#softTimer = setTimeout(() => this.#soften(state), SOFT_DELAY_MS);
    this.#element.classList.toggle("nothing", !state.includes(1));
    this.#place();
  }

  /**
   * Put the server's mask in the place of the tint. Where it cannot be had, the hard edge stays.
   *
   * @param {Uint8Array} state
   */
  async #soften(state) {
    if (!navigator.onLine) return;
    try {
      const answer = await fetch(this.#matteUrl, { headers: ownHeaders() });
      if (!answer.ok) return;
      const url = URL.createObjectURL(await answer.blob());
      const mask = new Image();
      mask.src = url;
      await mask.decode();
      if (this.#state === state) {
        this.#mask(url);
        this.#matte = url;
        this.#portion.dataset.soft = "";
      } else {
        URL.revokeObjectURL(url);
      }
    } catch {
      // No connection, or the page is being left.
    }
  }

  /** @param {string} url */
  #mask(url) {
    for (const shown of [this.#portion, this.#inPlace]) shown.style.maskImage = `url("${url}")`;
    delete this.#portion.dataset.soft;
    if (this.#matte) URL.revokeObjectURL(this.#matte);
    this.#matte = "";
  }

  /** Enlarge the preview so that the selected portion fills it, or show it where it lies in the photo. */
  #place() {
    const { width, height } = this.#size;
    const boxes = this.#boxesOfIncluded();
    const box = this.#fit.checked && boxes.length ? around(boxes) : null;
    this.#viewport.fit();
    this.#element.classList.toggle("fitted", box !== null);
    if (box) this.#viewport.fitTo(box.left / width, box.top / height, box.right / width, box.bottom / height);
    this.#inset.giveWay(boxes, width);
  }

  /** Of each superpixel that is included; none while it is not known where superpixels lie. */
  #boxesOfIncluded() {
    /** @type {number[][]} */
    const boxes = [];
    const segmentation = this.#segmentation;
    if (segmentation) this.#state.forEach((value, s) => { if (value === 1) boxes.push(segmentation.boxOf(s)); });
    return boxes;
  }
}

/** @param {number[][]} boxes */
function around(boxes) {
  const found = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  for (const [left, top, right, bottom] of boxes) {
    found.left = Math.min(found.left, left);
    found.top = Math.min(found.top, top);
    found.right = Math.max(found.right, right);
    found.bottom = Math.max(found.bottom, bottom);
  }
  return found;
}
