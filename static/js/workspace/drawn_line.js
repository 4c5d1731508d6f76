// What is being drawn with the object tool: an open line for a stroke, an area for a loop or box, and where a loop would
// close.

import { corners } from "../lib/shapes.js";
import { find } from "../ui/find.js";

/** @import { Start } from "../lib/drawings.js" */

export class DrawnLine {
  #group;
  #line;
  #area;
  #closing;

  /** @param {SVGGElement} group */
  constructor(group) {
    this.#group = group;
    this.#line = find(group, "polyline", SVGPolylineElement);
    this.#area = find(group, "polygon", SVGPolygonElement);
    this.#closing = find(group, "circle", SVGCircleElement);
  }

  /**
   * @param {Point[]} points that the pointer has passed, in pixels of the working copy
   * @param {Start} start what they mean now
   * @param {{ gap: number, removes: boolean }} options how near to its beginning a loop closes, and whether what is
   *     drawn goes
   */
  show(points, start, { gap, removes }) {
    const isStroke = start === "stroke";
    this.#line.setAttribute("points", isStroke ? points.join(" ") : "");
    this.#area.setAttribute("points", isStroke ? "" : (start === "box" ? corners(points) : points).join(" "));
    const [[x, y]] = points;
    const isAway = isStroke && points.some(([u, v]) => Math.hypot(u - x, v - y) > 2 * gap);
    for (const [name, value] of Object.entries({ cx: x, cy: y, r: isAway ? gap : 0 })) {
      this.#closing.setAttribute(name, String(value));
    }
    this.#group.classList.toggle("removes", removes);
  }

  clear() {
    this.#line.setAttribute("points", "");
    this.#area.setAttribute("points", "");
    this.#closing.setAttribute("r", "0");
  }
}
