// The part of the photo that is meant in place of a region of the level shown: a node of the merge tree, larger or
// smaller, to which one steps.

/** @import { Segmentation } from "./segmentation.js" */

// A node that is not so much larger than the last one is passed over: nobody sees the difference.
const NOTICEABLE = 1.25;

export class TreePart {
  /** @type {number | null} */
  #node = null;
  /** @type {Float64Array} */
  #areas;
  #segmentation;
  #cut;

  /**
   * @param {Segmentation} segmentation
   * @param {Uint16Array} cut the regions at the level shown
   */
  constructor(segmentation, cut) {
    const { parents, count } = segmentation;
    this.#segmentation = segmentation;
    this.#cut = cut;
    this.#areas = new Float64Array(parents.length);
    for (let s = 0; s < count; s++) this.#areas[s] = segmentation.areaOf(s);
    for (let node = 0; node < parents.length - 1; node++) this.#areas[parents[node]] += this.#areas[node];
  }

  /** The node; null while regions are meant. */
  get node() {
    return this.#node;
  }

  /** Its superpixels. */
  get members() {
    return this.#node === null ? [] : this.#segmentation.below(this.#node);
  }

  /** Its share of the photo. */
  get share() {
    return this.#node === null ? 0 : this.#areas[this.#node] / this.#areas[this.#areas.length - 1];
  }

  /**
   * Mean regions again, those of another level if one is given.
   *
   * @param {Uint16Array} [cut]
   */
  forget(cut = this.#cut) {
    this.#cut = cut;
    this.#node = null;
  }

  /**
   * Whether a superpixel lies in the part.
   *
   * @param {number} superpixel
   */
  holds(superpixel) {
    const { parents } = this.#segmentation;
    let node = superpixel;
    while (this.#node !== null && node < this.#node) node = parents[node];
    return node === this.#node;
  }

  /**
   * Step to the next larger part around a superpixel (+1), or the next smaller one (-1): from the part, if it holds
   * the superpixel, and otherwise from its region.
   *
   * @param {number} superpixel
   * @param {number} by
   */
  step(superpixel, by) {
    const areas = this.#areas;
    const from = areas[this.#node !== null && this.holds(superpixel) ? this.#node : this.#cut[superpixel]];
    const nodes = this.#rungs(superpixel);
    const next = by > 0 ? nodes.find((node) => areas[node] > from) : nodes.findLast((node) => areas[node] < from);
    this.#node = next ?? (by > 0 ? nodes[nodes.length - 1] : superpixel);
  }

  /**
   * The nodes from a superpixel up to the whole photo that differ noticeably, the region at the level among them.
   *
   * @param {number} superpixel
   */
  #rungs(superpixel) {
    const { parents } = this.#segmentation;
    const region = this.#cut[superpixel], root = parents.length - 1;
    const found = [superpixel];
    for (let node = superpixel; node !== root; node = parents[node]) {
      const above = parents[node], last = found[found.length - 1];
      const isNoticed = this.#areas[above] >= NOTICEABLE * this.#areas[last];
      if (isNoticed || above === region || above === root) found.push(above);
    }
    return found;
  }
}

/**
 * How large a share of the photo is, in words.
 *
 * @param {number} share
 */
export function ofThePhoto(share) {
  const percent = 100 * share;
  const digits = percent < 10 && percent >= 1 ? percent.toFixed(1).replace(/\.0$/, "") : String(Math.round(percent));
  return `${percent < 1 ? "under 1" : digits}% of the photo`;
}
