// Walking over the photo by keyboard: arrow keys go from region to neighbouring region, Page Up and Page Down through
// all of them from top to bottom (a region inside another is no arrow's nearest).

import { RegionGraph } from "./region_graph.js";

/**
 * @import { Region } from "./region_graph.js"
 * @import { Segmentation } from "./segmentation.js"
 */

/** @type {Record<string, number>} */
const ORDER = { PageDown: 1, PageUp: -1 };
/** @type {Record<string, [dx: number, dy: number]>} */
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export class Walker {
  #graph;
  #cut;
  /** @type {Map<number, Region> | null} */
  #regions = null;
  /** @type {Region[] | null} */
  #order = null;
  /** @type {number | null} the superpixel in focus, whose region at any level is in focus too */
  #superpixel = null;

  /**
   * @param {Segmentation} segmentation
   * @param {Uint16Array} cut the regions at the level shown
   */
  constructor(segmentation, cut) {
    this.segmentation = segmentation;
    this.#graph = new RegionGraph(segmentation);
    this.#cut = cut;
  }

  /**
   * The regions at another level; what is in focus stays where it is.
   *
   * @param {Uint16Array} cut
   */
  use(cut) {
    this.#cut = cut;
    this.#regions = null;
    this.#order = null;
  }

  /** The region in focus; null before the first step. */
  get region() {
    return this.#superpixel === null ? null : this.#regionAt(this.#superpixel);
  }

  /** The regions at the level shown. */
  get cut() {
    return this.#cut;
  }

  /** The superpixel in focus; null before the first step. */
  get superpixel() {
    return this.#superpixel;
  }

  /** The superpixels of the region in focus. */
  get members() {
    return this.#superpixel === null ? [] : this.segmentation.members(this.#cut, this.#superpixel);
  }

  /** A point inside the region in focus; null before the first step. */
  get point() {
    const { region } = this;
    return region && this.segmentation.inside(this.members, region.x, region.y);
  }

  /** Begin in the middle of the photo. */
  start() {
    const { segmentation } = this;
    this.#superpixel = segmentation.at(segmentation.width / 2, segmentation.height / 2);
  }

  /**
   * Take one step by a key; the first one lands in the middle. False for a key that means no step.
   *
   * @param {string} key
   */
  step(key) {
    if (!(key in DIRECTIONS || key in ORDER)) return false;
    const { region } = this;
    if (region) {
      const next = key in ORDER ? this.#following(region, ORDER[key]) : this.#neighbour(region, DIRECTIONS[key]);
      if (next) this.#superpixel = this.#cut.indexOf(next.id);
    } else {
      this.start();
    }
    return true;
  }

  /** All regions at the level, found when they are first asked for. */
  get #all() {
    this.#regions ??= this.#graph.regions(this.#cut);
    return this.#regions;
  }

  /** @param {number} superpixel */
  #regionAt(superpixel) {
    return this.#byId(this.#cut[superpixel]);
  }

  /**
   * @param {number} id
   * @returns {Region}
   */
  #byId(id) {
    const region = this.#all.get(id);
    if (!region) throw new RangeError(`There is no region ${id} at this level.`);
    return region;
  }

  /**
   * The next region in reading order, or the one before.
   *
   * @param {Region} here
   * @param {number} by
   */
  #following(here, by) {
    this.#order ??= [...this.#all.values()].sort((a, b) => a.y - b.y || a.x - b.x);
    const order = this.#order;
    return order[(order.indexOf(here) + by + order.length) % order.length];
  }

  /**
   * The neighbour that lies best in a direction: near, and not far off to the side.
   *
   * @param {Region} here
   * @param {[dx: number, dy: number]} direction
   */
  #neighbour(here, [dx, dy]) {
    /** @type {Region | null} */
    let best = null;
    let least = Infinity;
    for (const id of here.neighbours) {
      const other = this.#byId(id);
      const along = (other.x - here.x) * dx + (other.y - here.y) * dy;
      const aside = Math.abs((other.x - here.x) * dy) + Math.abs((other.y - here.y) * dx);
      const cost = along > 0 ? along + 2 * aside : Infinity;
      if (cost < least) [best, least] = [other, cost];
    }
    return best;
  }
}
