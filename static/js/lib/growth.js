// Growing a selection step by step up the merge tree, and the way back: exactly what the server computes
// (selector/selection/growing.py tells why), so that a step can be shown before it is taken.

import { touchingPairs } from "./region_graph.js";

/** @import { Segmentation } from "./segmentation.js" */

const MOST = 3;
const FAINT = 7 ** 2;
const AS_FAINT = 1.25 ** 2;
// The colours come as so many times L, a and b.
const COLOUR_STEPS = 16;

/**
 * Sums over pixels: of how many, and of the three planes of their colours.
 *
 * @typedef {Float64Array} Sums
 */

export class Ladder {
  /**
   * @param {Segmentation} segmentation
   * @param {Uint16Array} cut the regions that a step larger than allowed is taken in
   * @param {number} superpixel
   */
  constructor(segmentation, cut, superpixel) {
    this.segmentation = segmentation;
    this.cut = cut;
    this.superpixel = superpixel;
    this.joins = rungOfEach(segmentation, superpixel);
    const { totals, contrasts } = measured(segmentation, this.joins);
    this.totals = totals;
    this.contrasts = contrasts;
  }

  /** The region of the superpixel, where growing begins, as one flag a superpixel. */
  start() {
    const region = this.cut[this.superpixel];
    return Uint8Array.from(this.cut, (other) => Number(other === region));
  }

  /**
   * What is selected after one step, of a selection that holds the superpixel; the same when it is whole.
   *
   * @param {Uint8Array} selected
   */
  above(selected) {
    const { joins, totals, contrasts, segmentation } = this;
    let rung = totals.length;
    for (let s = 0; s < joins.length; s++) if (!selected[s] && joins[s] < rung) rung = joins[s];
    if (rung === totals.length) return selected;
    const held = selected.map((flag, s) => Number(flag && joins[s] <= rung));
    let area = 0;
    held.forEach((flag, s) => { if (flag) area += segmentation.areaOf(s); });
    const most = MOST * area;
    if (totals[rung] > most) {
      const wanted = held.map((flag, s) => Number(!flag && joins[s] <= rung));
      return union(selected, this.#part(held, wanted, (MOST - 1) * area));
    }
    if (segmentation.colours) {
      const faint = Math.max(FAINT, AS_FAINT * contrasts[rung]);
      while (rung + 1 < totals.length && contrasts[rung + 1] <= faint && totals[rung + 1] <= most) rung++;
    }
    return selected.map((flag, s) => Number(flag || joins[s] <= rung));
  }

  /**
   * What the last step up to a selection has added, of those that begin at the region, or else at the superpixel.
   *
   * @param {Uint8Array} selected
   */
  lastStep(selected) {
    const isSelected = (/** @type {Uint8Array} */ flags) => flags.every((flag, s) => !flag || selected[s]);
    /** @type {Uint8Array} */
    let held = this.start();
    if (!isSelected(held)) held = held.map((_, s) => Number(s === this.superpixel));
    /** @type {Uint8Array} */
    let before = new Uint8Array(held.length);
    for (;;) {
      const after = this.above(held);
      if (after.every((flag, s) => flag === held[s]) || !isSelected(after)) {
        return held.map((flag, s) => Number(flag && !before[s]));
      }
      [before, held] = [held, after];
    }
  }

  /**
   * Some of the superpixels wanted, in regions if one fits the room, else in superpixels, and always one.
   *
   * @param {Uint8Array} held
   * @param {Uint8Array} wanted
   * @param {number} room
   */
  #part(held, wanted, room) {
    const superpixels = Int32Array.from(wanted, (_, s) => s);
    for (const units of [firstOfRegions(this.cut), superpixels]) {
      const part = this.#nearest(units, held, wanted, room);
      if (part.includes(1)) return part;
    }
    const touching = this.#beside(superpixels, held, wanted).get(wanted.length);
    const candidates = [...superpixels].filter((s) => wanted[s] && (!touching || touching.has(s)));
    const area = (/** @type {number} */ s) => this.segmentation.areaOf(s);
    const smallest = candidates.reduce((a, b) => (area(b) < area(a) ? b : a));
    return wanted.map((_, s) => Number(s === smallest));
  }

  /**
   * The units that touch what is held, or each other, most alike first, until one has no room.
   *
   * @param {Int32Array} units
   * @param {Uint8Array} held
   * @param {Uint8Array} wanted
   * @param {number} room
   */
  #nearest(units, held, wanted, room) {
    const { segmentation } = this;
    const beside = this.#beside(units, held, wanted);
    const mean = new Float64Array(4);
    /** @type {Map<number, Sums>} */
    const sums = new Map();
    for (let s = 0; s < units.length; s++) {
      if (held[s]) add(mean, segmentation, s);
      if (wanted[s]) add(sums.get(units[s]) ?? set(sums, units[s]), segmentation, s);
    }
    const seen = new Set([units.length]), taken = new Set();
    /** @type {{ unit: number, area: number, unlike: number }[]} */
    let edge = [];
    let arrived = units.length, left = room;
    for (;;) {
      for (const unit of beside.get(arrived) ?? []) {
        if (seen.has(unit)) continue;
        seen.add(unit);
        const own = sums.get(unit) ?? new Float64Array(4);
        edge.push({ unit, area: own[0], unlike: contrast(own, mean) });
      }
      // The first one must find room; after it the step is made, and ends at what has none.
      if (!taken.size) edge = edge.filter(({ area }) => area <= left);
      if (!edge.length) break;
      const next = edge.reduce((a, b) => (b.unlike < a.unlike || (b.unlike === a.unlike && b.unit < a.unit) ? b : a));
      if (next.area > left) break;
      edge.splice(edge.indexOf(next), 1);
      arrived = next.unit;
      taken.add(arrived);
      left -= next.area;
    }
    return wanted.map((flag, s) => Number(flag && taken.has(units[s])));
  }

  /**
   * Which units of what is wanted touch which others; their count stands for what is held.
   *
   * @param {Int32Array} units
   * @param {Uint8Array} held
   * @param {Uint8Array} wanted
   */
  #beside(units, held, wanted) {
    const count = units.length;
    const idOf = (/** @type {number} */ s) => (held[s] ? count : wanted[s] ? units[s] : -1);
    /** @type {Map<number, Set<number>>} */
    const found = new Map();
    const note = (/** @type {number} */ one, /** @type {number} */ other) => {
      const others = found.get(one);
      if (others) others.add(other);
      else found.set(one, new Set([other]));
    };
    for (const pair of touchingPairs(this.segmentation)) {
      const one = idOf(pair >> 16), other = idOf(pair & 0xffff);
      if (one < 0 || other < 0 || one === other) continue;
      note(one, other);
      note(other, one);
    }
    return found;
  }
}

/**
 * How far up the path to the root each superpixel comes in: 0 for the one that it begins at.
 *
 * @param {Segmentation} segmentation
 * @param {number} superpixel
 */
function rungOfEach({ parents, count }, superpixel) {
  const rungs = new Int32Array(parents.length).fill(-1);
  rungs[superpixel] = 0;
  for (let node = superpixel; parents[node] !== node; node = parents[node]) rungs[parents[node]] = rungs[node] + 1;
  // A parent has a higher number than its children.
  for (let node = parents.length - 1; node >= 0; node--) if (rungs[node] < 0) rungs[node] = rungs[parents[node]];
  return rungs.subarray(0, count);
}

/**
 * The area up to each rung, and the contrast that it crosses: what is below it against what it adds.
 *
 * @param {Segmentation} segmentation
 * @param {Int32Array} joins
 */
function measured(segmentation, joins) {
  const count = joins.reduce((most, rung) => Math.max(most, rung), 0) + 1;
  const added = Array.from({ length: count }, () => new Float64Array(4));
  for (let s = 0; s < joins.length; s++) add(added[joins[s]], segmentation, s);
  const below = new Float64Array(4), totals = new Float64Array(count), contrasts = new Float64Array(count);
  for (let rung = 0; rung < count; rung++) {
    contrasts[rung] = rung ? contrast(below, added[rung]) : 0;
    for (let i = 0; i < 4; i++) below[i] += added[rung][i];
    totals[rung] = below[0];
  }
  return { totals, contrasts };
}

/**
 * Of each superpixel the first one in its region.
 *
 * @param {Uint16Array} cut
 */
function firstOfRegions(cut) {
  /** @type {Map<number, number>} */
  const first = new Map();
  cut.forEach((region, s) => { if (!first.has(region)) first.set(region, s); });
  return Int32Array.from(cut, (region) => first.get(region) ?? 0);
}

/**
 * @param {Map<number, Sums>} sums
 * @param {number} unit
 */
function set(sums, unit) {
  const own = new Float64Array(4);
  sums.set(unit, own);
  return own;
}

/**
 * @param {Sums} sums
 * @param {Segmentation} segmentation
 * @param {number} superpixel
 */
function add(sums, segmentation, superpixel) {
  const { colours } = segmentation;
  const area = segmentation.areaOf(superpixel);
  sums[0] += area;
  // Whole numbers over a power of two: exact in whatever order they are added.
  if (!colours) return;
  for (let i = 0; i < 3; i++) sums[i + 1] += (area * colours[3 * superpixel + i]) / COLOUR_STEPS;
}

/**
 * The squared distance of two mean colours.
 *
 * @param {Sums} a
 * @param {Sums} b
 */
function contrast(a, b) {
  const x = a[1] / a[0] - b[1] / b[0], y = a[2] / a[0] - b[2] / b[0], z = a[3] / a[0] - b[3] / b[0];
  return x * x + y * y + z * z;
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function union(a, b) {
  return a.map((flag, i) => Number(flag || b[i]));
}
