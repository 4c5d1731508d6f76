// The photo on the start page, live: the region under the pointer lights up, a click lifts the thing there out, and the
// images with something like it come. Nothing is stored until the person goes on with it.

import { Segmentation } from "../lib/segmentation.js";
import { unpackState } from "../lib/selection.js";
import { tintUrl } from "../lib/tint.js";
import { byId, find } from "../ui/find.js";
import { Layer } from "../ui/layer.js";
import { announce } from "../ui/messages.js";
import { ownHeaders } from "../ui/whose_page.js";
import { BLACK, INCLUDED, LIGHT, WHITE } from "../workspace/colours.js";

// Regions that light up: about as many things as a person would name.
const LEVEL = 40;
const AGAIN_MS = 2000, MOST_TIMES = 60;

export class LivePhoto {
  #form;
  #photo;
  #cut;
  #points;
  #size;
  #layer;
  #loading;
  /** @type {Segmentation | null} */
  #segmentation = null;
  #lit = -1;
  #asking = new AbortController();

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#form = form;
    this.#photo = find(form, ".demo-photo", HTMLButtonElement);
    this.#cut = find(form, ".demo-cut img", HTMLImageElement);
    this.#points = find(form, "input[name=points]", HTMLInputElement);
    this.#size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.#layer = new Layer(find(this.#photo, "canvas", HTMLCanvasElement));
    this.#loading = this.#load();
    // Without outlines a click lifts out all the same, once there is a connection.
    this.#loading.catch(() => {});
    this.#photo.addEventListener("pointermove", (event) => this.#light(this.#pointOf(event)));
    this.#photo.addEventListener("pointerleave", () => this.#light([-1, -1]));
  }

  /**
   * Lift out what a click means.
   *
   * @param {MouseEvent} event
   */
  async click(event) {
    // By keys there is no place: then the thing itself is meant.
    this.#points.value = event.detail ? this.#pointOf(event).map((value) => value.toFixed(1)).join(",") : "";
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#form.ariaBusy = "true";
    try {
      for (let times = 0; times < MOST_TIMES && !signal.aborted; times++) {
        const found = await this.#answered(signal);
        if (found) await this.#show(found);
        // While the site is busy or the collection is being looked through, more may come.
        if (found && found.dataset.moreToCome === undefined) break;
        await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      }
    } catch {
      if (!signal.aborted) announce("There is no answer from the server. Try again.", "error");
    }
    if (!signal.aborted) this.#form.ariaBusy = null;
  }

  async #load() {
    const { labelsUrl, treeUrl } = this.#form.dataset;
    const [labels, parents] = await Promise.all([numbers(labelsUrl), numbers(treeUrl)]);
    this.#segmentation = new Segmentation(labels, parents, this.#size.width, this.#size.height);
    return this.#segmentation;
  }

  /**
   * @param {MouseEvent} event
   * @returns {Point}
   */
  #pointOf({ clientX, clientY }) {
    const { left, top, width, height } = this.#photo.getBoundingClientRect();
    const at = (/** @type {number} */ share, /** @type {number} */ length) =>
      Math.min(Math.max(share * length, 0), length - 0.01);
    return [at((clientX - left) / width, this.#size.width), at((clientY - top) / height, this.#size.height)];
  }

  /**
   * Light the region at a point; none where it lies outside.
   *
   * @param {Point} point
   */
  #light(point) {
    const segmentation = this.#segmentation;
    if (!segmentation) return;
    const regions = segmentation.cut(LEVEL), superpixel = segmentation.at(...point);
    const region = superpixel < 0 ? -1 : regions[superpixel];
    if (region === this.#lit) return;
    this.#lit = region;
    this.#layer.erase();
    if (region >= 0) {
      const members = segmentation.members(regions, superpixel);
      this.#layer.fill(segmentation, members, LIGHT);
      this.#layer.dashes(segmentation.outline(regions, members), WHITE, BLACK);
    }
    this.#layer.show();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<HTMLElement | null>} null while the site is busy
   */
  async #answered(signal) {
    const asked = new URLSearchParams({ points: this.#points.value });
    const answer = await fetch(`${this.#form.dataset.liftUrl}?${asked}`, { headers: ownHeaders(), signal });
    if (answer.status === 503) return null;
    if (!answer.ok) throw new Error(String(answer.status));
    return find(new DOMParser().parseFromString(await answer.text(), "text/html"), "#lifted", HTMLElement);
  }

  /** @param {HTMLElement} found */
  async #show(found) {
    const segmentation = await this.#loading;
    const state = unpackState(found.dataset.state ?? "", segmentation.count);
    this.#cut.style.maskImage = `url("${tintUrl(segmentation, state, 1, INCLUDED)}")`;
    this.#cut.hidden = false;
    find(this.#form, ".demo-on", HTMLElement).hidden = false;
    this.#form.classList.add("shown");
    const place = byId("lifted", HTMLElement), element = document.importNode(found, true);
    if (place.innerHTML === element.innerHTML) return;
    place.replaceWith(element);
    htmx.process(element);
  }
}

/** @param {string | undefined} url of an array of 16-bit numbers */
async function numbers(url = "") {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint16Array(await answer.arrayBuffer());
}
