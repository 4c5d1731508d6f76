// The superpixels of a photo and their merge tree, as the server sent them.

import { findBorders, sortPixels } from "./label_index.js";
import { pixelsInside } from "./polygon.js";

// Cuts that are kept: every stop of the slider, and some of the levels between.
const CUTS_KEPT = 48;

export class Segmentation {
  /** @type {Map<number, Uint16Array>} */
  #cuts = new Map();
  /** @type {Int16Array | null} sixteen times the mean L, a and b of each superpixel; null until they have come */
  colours = null;

  /**
   * @param {Uint16Array} labels superpixel of every pixel, row by row
   * @param {Uint16Array} parents merge tree: leaves 0..n-1, the root its own parent
   * @param {number} width
   * @param {number} height
   */
  constructor(labels, parents, width, height) {
    this.labels = labels;
    this.parents = parents;
    this.width = width;
    this.height = height;
    this.count = (parents.length + 1) / 2;
    const index = sortPixels(labels, this.count, width, height);
    this.pixels = index.pixels;
    this.starts = index.starts;
    this.lefts = index.lefts;
    this.rights = index.rights;
    const { borders, borderStarts } = findBorders(labels, index, width);
    this.borders = borders;
    this.borderStarts = borderStarts;
  }

  /** @param {number} superpixel */
  pixelsOf(superpixel) {
    return this.pixels.subarray(this.starts[superpixel], this.starts[superpixel + 1]);
  }

  /** @param {number} superpixel */
  areaOf(superpixel) {
    return this.starts[superpixel + 1] - this.starts[superpixel];
  }

  /**
   * Left, top, right and bottom of a superpixel, ends excluded.
   *
   * @param {number} superpixel
   * @returns {[left: number, top: number, right: number, bottom: number]}
   */
  boxOf(superpixel) {
    const { pixels, starts, width } = this;
    const top = Math.floor(pixels[starts[superpixel]] / width);
    const bottom = Math.floor(pixels[starts[superpixel + 1] - 1] / width) + 1;
    return [this.lefts[superpixel], top, this.rights[superpixel], bottom];
  }

  /**
   * Superpixel under a point, or -1 outside the photo.
   *
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const column = Math.floor(x), row = Math.floor(y);
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return -1;
    return this.labels[row * this.width + column];
  }

  /**
   * Region of every superpixel at a level: the highest ancestor among the merges that the level keeps.
   *
   * @param {number} level
   */
  cut(level) {
    const { parents, count } = this;
    const kept = 2 * count - Math.min(Math.max(level, 1), count);
    let cut = this.#cuts.get(kept);
    if (!cut) {
      const region = new Uint16Array(kept);
      for (let node = kept - 1; node >= 0; node--) {
        region[node] = parents[node] >= kept || parents[node] === node ? node : region[parents[node]];
      }
      cut = region.subarray(0, count);
      if (this.#cuts.size === CUTS_KEPT) this.#forgetOldestCut();
      this.#cuts.set(kept, cut);
    }
    return cut;
  }

  /**
   * Region of every superpixel at a level, but for one node of the tree that is a region whatever the level.
   *
   * @param {number} level
   * @param {number | undefined} node
   */
  cutAround(level, node) {
    if (node === undefined) return this.cut(level);
    const cut = this.cut(level).slice();
    for (const s of this.below(node)) cut[s] = node;
    return cut;
  }

  #forgetOldestCut() {
    const [oldest] = this.#cuts.keys();
    this.#cuts.delete(oldest);
  }

  /**
   * Superpixels of the region that holds a superpixel.
   *
   * @param {Uint16Array} cut
   * @param {number} superpixel
   */
  members(cut, superpixel) {
    const region = cut[superpixel];
    const found = [];
    for (let s = 0; s < cut.length; s++) if (cut[s] === region) found.push(s);
    return found;
  }

  /**
   * Superpixels of the regions that hold some superpixels.
   *
   * @param {Uint16Array} cut
   * @param {Iterable<number>} superpixels
   */
  regionsOf(cut, superpixels) {
    const touched = new Set(Array.from(superpixels, (s) => cut[s]));
    const found = [];
    for (let s = 0; s < cut.length; s++) if (touched.has(cut[s])) found.push(s);
    return found;
  }

  /**
   * The pixels of some superpixels that lie on the outline of their region, or on the edge of the photo.
   *
   * @param {Uint16Array} cut
   * @param {Iterable<number>} superpixels
   */
  outline(cut, superpixels) {
    const { labels, width, height, borders, borderStarts } = this;
    const last = width * (height - 1);
    const found = [];
    for (const s of superpixels) {
      const region = cut[s];
      for (let i = borderStarts[s]; i < borderStarts[s + 1]; i++) {
        const pixel = borders[i], x = pixel % width;
        const inner =
          x > 0 && x < width - 1 && pixel >= width && pixel < last &&
          cut[labels[pixel - 1]] === region && cut[labels[pixel + 1]] === region &&
          cut[labels[pixel - width]] === region && cut[labels[pixel + width]] === region;
        if (!inner) found.push(pixel);
      }
    }
    return found;
  }

  /**
   * The pixels along the outline of some superpixels taken together.
   *
   * @param {Iterable<number>} superpixels
   */
  outlineOf(superpixels) {
    const together = new Uint16Array(this.count);
    for (const s of superpixels) together[s] = 1;
    return this.outline(together, superpixels);
  }

  /**
   * Superpixels under a line through points, looked at twice in every pixel it crosses.
   *
   * @param {Point[]} points
   * @returns {Set<number>}
   */
  under(points) {
    const found = new Set();
    points.forEach(([x, y], i) => {
      const [px, py] = points[Math.max(i - 1, 0)];
      const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x - px), Math.abs(y - py))));
      for (let k = 0; k <= steps; k++) {
        const superpixel = this.at(px + (x - px) * (k / steps), py + (y - py) * (k / steps));
        if (superpixel >= 0) found.add(superpixel);
      }
    });
    return found;
  }

  /**
   * Superpixels of the regions that have more than half their pixels inside a polygon.
   *
   * @param {Uint16Array} cut
   * @param {Point[]} polygon
   */
  covered(cut, polygon) {
    const { labels, parents, width, count } = this;
    const held = pixelsInside(polygon, labels, width, count);
    const inside = new Uint32Array(parents.length), total = new Uint32Array(parents.length);
    for (let s = 0; s < count; s++) {
      inside[cut[s]] += held[s];
      total[cut[s]] += this.areaOf(s);
    }
    const found = [];
    for (let s = 0; s < count; s++) if (2 * inside[cut[s]] > total[cut[s]]) found.push(s);
    return found;
  }

  /**
   * Superpixels below a node of the tree.
   *
   * @param {number} node
   */
  below(node) {
    const { parents, count } = this;
    const inside = new Uint8Array(parents.length);
    inside[node] = 1;
    for (let child = node - 1; child >= 0; child--) inside[child] = inside[parents[child]];
    const found = [];
    for (let s = 0; s < count; s++) if (inside[s]) found.push(s);
    return found;
  }

  /**
   * The pixel of a region nearest to a point, as coordinates of its centre: a point that surely lies inside.
   *
   * @param {Iterable<number>} superpixels
   * @param {number} x
   * @param {number} y
   */
  inside(superpixels, x, y) {
    /** @type {Point} */
    let best = [x, y];
    let least = Infinity;
    for (const superpixel of superpixels) {
      for (const pixel of this.pixelsOf(superpixel)) {
        const px = (pixel % this.width) + 0.5, py = Math.floor(pixel / this.width) + 0.5;
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < least) [best, least] = [[px, py], distance];
      }
    }
    return best;
  }
}
