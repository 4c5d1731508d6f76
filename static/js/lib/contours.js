// The border of a set of superpixels as a path for SVG: along the edges of pixels, with the inside on the right.

/** @import { Segmentation } from "./segmentation.js" */

/**
 * @param {Segmentation} segmentation
 * @param {(superpixel: number) => boolean} has which superpixels are in the set
 * @returns {string} closed lines, as the `d` of a path; empty for an empty set
 */
export function contours(segmentation, has) {
  const next = edges(segmentation, has);
  const width = segmentation.width + 1;
  const parts = [];
  for (const start of next.keys()) {
    while (next.get(start)?.length) parts.push(closedLine(next, start, width));
  }
  return parts.join("");
}

/**
 * The edges between inside and outside: from each corner of a pixel to the corners that an edge leads to.
 *
 * @param {Segmentation} segmentation
 * @param {(superpixel: number) => boolean} has
 */
function edges({ labels, borders, borderStarts, width, height, count }, has) {
  const inside = Uint8Array.from({ length: count }, (_, s) => Number(has(s)));
  const across = width + 1;
  /** @type {Map<number, number[]>} */
  const next = new Map();
  const add = (/** @type {number} */ from, /** @type {number} */ to) => {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  };
  for (let s = 0; s < count; s++) {
    if (!inside[s]) continue;
    for (let i = borderStarts[s]; i < borderStarts[s + 1]; i++) {
      const pixel = borders[i], x = pixel % width, y = (pixel - x) / width;
      const corner = y * across + x;
      if (y === 0 || !inside[labels[pixel - width]]) add(corner, corner + 1);
      if (x === width - 1 || !inside[labels[pixel + 1]]) add(corner + 1, corner + 1 + across);
      if (y === height - 1 || !inside[labels[pixel + width]]) add(corner + 1 + across, corner + across);
      if (x === 0 || !inside[labels[pixel - 1]]) add(corner + across, corner);
    }
  }
  return next;
}

/**
 * Follow edges from a corner until there is none left to follow, and take them away.
 *
 * @param {Map<number, number[]>} next
 * @param {number} start
 * @param {number} across how many corners lie side by side
 */
function closedLine(next, start, across) {
  let path = `M${start % across} ${Math.floor(start / across)}`;
  let step = 0;
  for (let from = start, to = next.get(from)?.pop(); to !== undefined; from = to, to = next.get(from)?.pop()) {
    // Only where the line turns is there something to say.
    if (step && to - from !== step) path += lineTo(from, step, across);
    step = to - from;
  }
  return `${path}Z`;
}

/**
 * @param {number} corner
 * @param {number} step along which it was reached
 * @param {number} across
 */
function lineTo(corner, step, across) {
  return Math.abs(step) === 1 ? `H${corner % across}` : `V${Math.floor(corner / across)}`;
}
