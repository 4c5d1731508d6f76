// What follows the pointer and the keyboard on the photo: the region under the pointer, the one in focus, and what is
// being drawn. Before the label array is there only the line itself is shown.

import { closingLine } from "../lib/shapes.js";
import { timed } from "../lib/timing.js";
import { Layer } from "../ui/layer.js";
import { BLACK, LIGHT, WHITE } from "./colours.js";

/**
 * @import { Segmentation } from "../lib/segmentation.js"
 * @import { Sketch } from "./pointer.js"
 */

/**
 * The regions at the level shown.
 *
 * @typedef {{ segmentation: Segmentation, cut: Uint16Array }} Regions
 */

// In place of a region's number: no region is lit, or something else is drawn.
const NONE = -1, OTHER = -2;

export class Highlight {
  #layer;
  #line;
  #closing;
  /** @type {Regions | null} */
  #regions = null;
  #hovered = NONE;
  /** @type {{ seen: number, lit: Set<number> } | null} the points and the regions of a stroke so far */
  #stroke = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {SVGPolygonElement} line
   * @param {SVGPolylineElement} closing along which the line will close itself
   */
  constructor(canvas, line, closing) {
    this.#layer = new Layer(canvas);
    this.#line = line;
    this.#closing = closing;
  }

  /** @param {Regions} regions */
  use(regions) {
    this.#regions = regions;
  }

  /**
   * Light the region at a point, with a line along its border that is seen on a photo of any colour.
   *
   * @param {Point} point
   */
  hover(point) {
    if (this.#regions) this.#light(this.#regions, this.#regions.segmentation.at(...point));
  }

  clear() {
    if (this.#regions) this.#light(this.#regions, -1);
  }

  /**
   * @param {Regions} regions
   * @param {number} superpixel or -1
   */
  #light({ segmentation, cut }, superpixel) {
    const region = superpixel < 0 ? NONE : cut[superpixel];
    if (region === this.#hovered) return;
    timed("hover", () => {
      this.#hovered = region;
      this.#layer.erase();
      if (region !== NONE) {
        const members = segmentation.members(cut, superpixel);
        this.#layer.fill(segmentation, members, LIGHT);
        this.#layer.dashes(segmentation.outline(cut, members), WHITE, BLACK);
      }
      this.#layer.show();
    });
  }

  /**
   * Light a part that is no region of the level shown, with a line along its border.
   *
   * @param {number[]} members its superpixels
   */
  part(members) {
    if (!this.#regions) return;
    const { segmentation } = this.#regions;
    timed("hover", () => {
      this.#layer.erase();
      this.#layer.fill(segmentation, members, LIGHT);
      this.#layer.dashes(segmentation.outlineOf(members), WHITE, BLACK);
      this.#layer.show();
    });
    this.#hovered = OTHER;
  }

  /**
   * Draw the focus of the keyboard: a white line with black on both sides, to be seen on any photo.
   *
   * @param {number[]} members superpixels of the region or part in focus
   */
  focus(members) {
    if (!this.#regions) return;
    const { segmentation } = this.#regions;
    const outline = segmentation.outlineOf(members);
    this.#layer.erase();
    this.#layer.fill(segmentation, members, LIGHT);
    this.#layer.line(outline, BLACK, 2);
    this.#layer.line(outline, WHITE, 1);
    this.#layer.show();
    this.#hovered = OTHER;
  }

  /**
   * What is being drawn: the line itself, or the regions that a stroke has touched so far.
   *
   * @param {Sketch | null} sketch null when it is finished or given up
   */
  sketch(sketch) {
    const isStroke = sketch?.shape === "stroke";
    const line = sketch && !isStroke ? sketch.points.join(" ") : "";
    if (this.#line.getAttribute("points") !== line) this.#line.setAttribute("points", line);
    this.#closing.setAttribute("points", sketch ? (closingLine(sketch.shape, sketch.points)?.join(" ") ?? "") : "");
    const regions = this.#regions;
    if (!regions) return;
    if (isStroke) {
      timed("brush", () => this.#brush(regions, sketch.points));
    } else {
      if (sketch || this.#stroke) this.clear();
      this.#stroke = null;
    }
  }

  /**
   * Light the regions under the new end of a stroke.
   *
   * @param {Regions} regions
   * @param {Point[]} points
   */
  #brush({ segmentation, cut }, points) {
    if (!this.#stroke) {
      this.#stroke = { seen: 0, lit: new Set() };
      this.#layer.erase();
      this.#hovered = OTHER;
    }
    const { seen, lit } = this.#stroke;
    /** @type {Set<number>} */
    const fresh = new Set();
    for (const superpixel of segmentation.under(points.slice(Math.max(seen - 1, 0)))) {
      if (!lit.has(cut[superpixel])) fresh.add(superpixel);
      lit.add(cut[superpixel]);
    }
    this.#stroke.seen = points.length;
    if (fresh.size) this.#layer.fill(segmentation, segmentation.regionsOf(cut, fresh), LIGHT);
    this.#layer.show();
  }
}
