// A selection as one value a superpixel, and what a gesture makes of it: exactly what the server computes, which has
// the last word.

/** @import { Segmentation } from "./segmentation.js" */

/**
 * One change of the selection. Its names are those of the form that it is posted as.
 *
 * @typedef {object} Action
 * @property {string} tool what to do
 * @property {string} mode "include" or "exclude"
 * @property {number} level
 * @property {Point[]} [points] where, in pixels of the working copy
 *
 * @typedef {Action & { [field: string]: unknown }} Gesture
 */

/**
 * What each superpixel is marked as: 1 included, 2 excluded, 0 neither.
 *
 * @param {string} base64 two rows of packed bits, of what is included and of what is excluded
 * @param {number} count of superpixels
 */
export function unpackState(base64, count) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const row = bytes.length / 2;
  const state = new Uint8Array(count);
  for (let s = 0; s < count; s++) {
    const bit = 0x80 >> (s & 7);
    state[s] = bytes[s >> 3] & bit ? 1 : bytes[row + (s >> 3)] & bit ? 2 : 0;
  }
  return state;
}

/**
 * Apply a gesture to a state in place. A gesture that is not known here changes nothing: undo and redo need the
 * history, which the server alone has, and "similar" needs the colours.
 *
 * @param {Uint8Array} state what each superpixel is marked as
 * @param {Segmentation} segmentation
 * @param {Gesture} gesture
 * @returns {void}
 */
export function anticipate(state, segmentation, gesture) {
  const mark = gesture.mode === "exclude" ? 2 : 1;
  const points = gesture.points ?? [];
  const superpixel = points.length ? segmentation.at(...points[0]) : -1;
  const isSelected = (/** @type {number} */ s) => state[s] === mark;
  const put = (/** @type {Iterable<number>} */ superpixels, /** @type {number} */ value) => {
    for (const s of superpixels) state[s] = value;
  };
  const take = (/** @type {Iterable<number>} */ superpixels) => {
    for (const s of superpixels) if (isSelected(s)) state[s] = 0;
  };
  const change = (/** @type {Iterable<number>} */ superpixels) => {
    if (gesture.remove) take(superpixels);
    else put(superpixels, mark);
  };
  switch (gesture.tool) {
    case "clear":
      state.fill(0);
      break;
    case "invert":
      state.forEach((value, s) => { if (value !== 2) state[s] = 1 - value; });
      break;
    case "toggle": {
      const members = segmentation.members(segmentation.cut(gesture.level), superpixel);
      put(members, members.every(isSelected) ? 0 : mark);
      break;
    }
    case "paint": {
      const cut = segmentation.cut(gesture.level);
      change(segmentation.regionsOf(cut, segmentation.under(points)));
      break;
    }
    case "cover":
      change(segmentation.covered(segmentation.cut(gesture.level), points));
      break;
    case "grow": {
      const members = segmentation.members(segmentation.cut(gesture.level), superpixel);
      put(members.every(isSelected) ? nextGrown(segmentation, superpixel, isSelected) : members, mark);
      break;
    }
    case "shrink":
      if (isSelected(superpixel)) take(lastGrown(segmentation, superpixel, isSelected));
      break;
  }
}

/**
 * What the node holds that is one above the largest selected node around a superpixel.
 *
 * @param {Segmentation} segmentation
 * @param {number} superpixel
 * @param {(superpixel: number) => boolean} isSelected
 */
function nextGrown(segmentation, superpixel, isSelected) {
  return segmentation.below(segmentation.parents[segmentation.largestNode(superpixel, isSelected)]);
}

/**
 * What the largest selected node around a superpixel holds besides its part with that superpixel.
 *
 * @param {Segmentation} segmentation
 * @param {number} superpixel
 * @param {(superpixel: number) => boolean} isSelected
 */
function lastGrown(segmentation, superpixel, isSelected) {
  const { parents } = segmentation;
  const node = segmentation.largestNode(superpixel, isSelected);
  let child = superpixel;
  while (child !== node && parents[child] !== node) child = parents[child];
  const kept = new Set(child === node ? [] : segmentation.below(child));
  return segmentation.below(node).filter((s) => !kept.has(s));
}
