// What the next click will do, under a pointer that hovers: the region or, after the wheel with Alt, the larger or
// smaller part in its place; of Grow the next step. Beside the pointer stands how much of the photo that is.

import { anticipate } from "../lib/selection.js";
import { whatToSend } from "../lib/tools.js";
import { ofThePhoto, TreePart } from "../lib/tree_part.js";

/**
 * @import { Segmentation } from "../lib/segmentation.js"
 * @import { Tool } from "../lib/tools.js"
 * @import { Highlight } from "./highlight.js"
 */

// The tools whose step cannot be guessed from the outlines.
const FORESEEN = ["grow"];
// A notch of a mouse's wheel turns about 100 pixels; a trackpad comes in many small pieces.
const NOTCH = 40;

/** @typedef {{ point: Point, x: number, y: number, shift: boolean }} Place */

export class Foresight {
  #stage;
  #highlight;
  #label;
  #toolbar;
  #stateNow;
  /** @type {{ segmentation: Segmentation, level: number, part: TreePart } | null} */
  #scene = null;
  /** @type {Place | null} */
  #place = null;
  #turned = 0;
  #shown = "";

  /**
   * @param {object} page
   * @param {HTMLElement} page.stage
   * @param {Highlight} page.highlight
   * @param {HTMLElement} page.label
   * @param {{ tool: Tool, mode: string, isOtherWay: boolean }} page.toolbar
   * @param {() => Uint8Array} page.stateNow what each superpixel is marked as, waiting gestures included
   */
  constructor({ stage, highlight, label, toolbar, stateNow }) {
    this.#stage = stage;
    this.#highlight = highlight;
    this.#label = label;
    this.#toolbar = toolbar;
    this.#stateNow = stateNow;
    for (const type of /** @type {const} */ (["keydown", "keyup"])) {
      addEventListener(type, (event) => { if (event.key === "Shift") this.#hold(type === "keydown"); });
    }
  }

  /**
   * @param {Segmentation} segmentation
   * @param {number} level
   */
  use(segmentation, level) {
    this.#scene = { segmentation, level, part: new TreePart(segmentation, segmentation.cut(level)) };
    this.#turned = 0;
    this.#shown = "";
    this.#label.hidden = true;
  }

  /**
   * Follow the pointer.
   *
   * @param {Point} point
   * @param {MouseEvent} event
   */
  hover(point, { clientX: x, clientY: y, shiftKey: shift }) {
    this.#place = { point, x, y, shift };
    this.#show();
  }

  /** Something is being drawn, which is shown instead. */
  pause() {
    this.#place = null;
    this.#shown = "";
    this.#label.hidden = true;
  }

  /** The pointer has gone. */
  leave() {
    this.pause();
    this.#scene?.part.forget();
  }

  /** The selection, the tool or its mode has changed under a pointer that stays. */
  refresh() {
    this.#shown = "";
    if (this.#place) this.#show();
  }

  /**
   * To the next larger part under the pointer, or to the next smaller one.
   *
   * @param {Point} point
   * @param {WheelEvent} event
   */
  turn(point, event) {
    if (!this.#scene) return;
    const superpixel = this.#scene.segmentation.at(...point);
    // Where Alt turns the wheel sideways, that is the way it was turned all the same.
    const delta = (event.deltaY || event.deltaX) * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    if (superpixel < 0 || !delta) return;
    if (this.#turned * delta < 0) this.#turned = 0;
    this.#turned += delta;
    if (Math.abs(this.#turned) >= NOTCH) {
      this.#scene.part.step(superpixel, this.#turned < 0 ? 1 : -1);
      this.#turned = 0;
    }
    this.hover(point, event);
  }

  /**
   * What a click at a point means, where that is no region of the level shown.
   *
   * @param {Point} point
   * @returns {{ node?: number }}
   */
  around(point) {
    if (!this.#scene) return {};
    const { segmentation, part } = this.#scene;
    const superpixel = segmentation.at(...point);
    return part.node !== null && superpixel >= 0 && part.holds(superpixel) ? { node: part.node } : {};
  }

  /** @param {boolean} shift */
  #hold(shift) {
    if (!this.#place) return;
    this.#place.shift = shift;
    this.#show();
  }

  #show() {
    const place = this.#place, scene = this.#scene;
    if (!place || !scene) return;
    const { segmentation, part } = scene;
    const superpixel = segmentation.at(...place.point);
    if (part.node !== null && (superpixel < 0 || !part.holds(superpixel))) part.forget();
    const isForeseen = superpixel >= 0 && FORESEEN.includes(this.#toolbar.tool.gesture);
    if (part.node === null && !isForeseen) {
      this.#shown = "";
      this.#label.hidden = true;
      this.#highlight.hover(place.point);
      return;
    }
    this.#putLabel(place);
    const what = `${part.node ?? ""} ${isForeseen ? `${superpixel} ${place.shift}` : ""}`;
    if (what === this.#shown) return;
    this.#shown = what;
    if (isForeseen) this.#showStep(scene, place);
    else this.#say(part.members, ofThePhoto(part.share));
  }

  /**
   * What a click will change, and how much is selected then.
   *
   * @param {{ segmentation: Segmentation, level: number }} scene
   * @param {Place} place
   */
  #showStep({ segmentation, level }, { point, shift }) {
    const { tool, mode, isOtherWay } = this.#toolbar;
    const before = this.#stateNow(), after = before.slice();
    const sent = whatToSend(tool, { shift: shift || isOtherWay, alt: false });
    anticipate(after, segmentation, { mode, level, points: [point], ...this.around(point), ...sent });
    /** @type {number[]} */
    const changed = [];
    let area = 0;
    after.forEach((value, s) => {
      if (value !== before[s]) changed.push(s);
      if (value === (mode === "exclude" ? 2 : 1)) area += segmentation.areaOf(s);
    });
    this.#say(changed, `Next: ${ofThePhoto(area / (segmentation.width * segmentation.height))}`);
  }

  /**
   * @param {number[]} members
   * @param {string} text
   */
  #say(members, text) {
    this.#highlight.part(members);
    this.#label.textContent = text;
  }

  /** @param {Place} place */
  #putLabel({ x, y }) {
    const box = this.#stage.getBoundingClientRect();
    this.#label.hidden = false;
    const { offsetWidth, offsetHeight } = this.#label;
    const left = Math.min(x - box.left + 14, box.width - offsetWidth - 4);
    const top = Math.min(y - box.top + 18, box.height - offsetHeight - 4);
    this.#label.style.translate = `${Math.max(left, 0)}px ${Math.max(top, 0)}px`;
  }
}
