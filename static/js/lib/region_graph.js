// The regions of a cut, and which ones touch.

/** @import { Segmentation } from "./segmentation.js" */

/**
 * @typedef {object} Region
 * @property {number} id its node in the merge tree
 * @property {number} x its centre, in pixels
 * @property {number} y
 * @property {number} area in pixels
 * @property {Set<number>} neighbours the regions that it touches
 */

export class RegionGraph {
  /** @type {ReturnType<typeof measure> | null} */
  #measures = null;

  /** @param {Segmentation} segmentation */
  constructor(segmentation) {
    this.segmentation = segmentation;
  }

  /**
   * The regions of a cut, by their nodes.
   *
   * @param {Uint16Array} cut
   * @returns {Map<number, Region>}
   */
  regions(cut) {
    this.#measures ??= measure(this.segmentation);
    const { sumX, sumY, pairs } = this.#measures;
    /** @type {Map<number, Region>} */
    const found = new Map();
    const regionOf = (/** @type {number} */ superpixel) => {
      const id = cut[superpixel];
      let region = found.get(id);
      if (!region) found.set(id, region = { id, x: 0, y: 0, area: 0, neighbours: new Set() });
      return region;
    };
    for (let s = 0; s < cut.length; s++) {
      const region = regionOf(s);
      region.x += sumX[s];
      region.y += sumY[s];
      region.area += this.segmentation.areaOf(s);
    }
    for (const pair of pairs) {
      const a = regionOf(pair >> 16), b = regionOf(pair & 0xffff);
      if (a === b) continue;
      a.neighbours.add(b.id);
      b.neighbours.add(a.id);
    }
    for (const region of found.values()) {
      region.x /= region.area;
      region.y /= region.area;
    }
    return found;
  }
}

/**
 * Of each superpixel the sums of its pixels' coordinates, and which ones touch; the regions of any cut follow.
 *
 * @param {Segmentation} segmentation
 */
function measure(segmentation) {
  const { labels, width, height, count } = segmentation;
  const sumX = new Float64Array(count), sumY = new Float64Array(count);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      sumX[labels[i]] += x + 0.5;
      sumY[labels[i]] += y + 0.5;
    }
  }
  return { sumX, sumY, pairs: touchingPairs(segmentation) };
}

/** @type {WeakMap<Segmentation, Set<number>>} */
const pairsFound = new WeakMap();

/**
 * Which superpixels touch: one of the two in the upper half of a number, the other in the lower; some pairs both ways.
 *
 * @param {Segmentation} segmentation
 */
export function touchingPairs(segmentation) {
  const known = pairsFound.get(segmentation);
  if (known) return known;
  const { labels, width, borders } = segmentation;
  /** @type {Set<number>} */
  const pairs = new Set();
  for (const pixel of borders) {
    const here = labels[pixel];
    // A label map has at most 32,767 superpixels, so two of them fit a small integer.
    if ((pixel + 1) % width && labels[pixel + 1] !== here) pairs.add((here << 16) | labels[pixel + 1]);
    const below = pixel + width;
    if (below < labels.length && labels[below] !== here) pairs.add((here << 16) | labels[below]);
  }
  pairsFound.set(segmentation, pairs);
  return pairs;
}
