// A selection as one value a superpixel, and what a gesture makes of it: exactly what the server computes, which has
// the last word.

import { Ladder } from "./growth.js";

/** @import { Segmentation } from "./segmentation.js" */

/**
 * One change of the selection. Its names are those of the form that it is posted as.
 *
 * @typedef {object} Action
 * @property {string} tool what to do
 * @property {string} mode "include" or "exclude"
 * @property {number} level
 * @property {Point[]} [points] where, in pixels of the working copy
 * @property {number} [node] the node of the merge tree that is the region under the first point, whatever the level
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
  const regions = () => segmentation.cutAround(gesture.level, gesture.node);
  switch (gesture.tool) {
    case "clear":
      state.fill(0);
      break;
    case "invert":
      state.forEach((value, s) => { if (value !== 2) state[s] = 1 - value; });
      break;
    case "toggle": {
      const members = segmentation.members(regions(), superpixel);
      put(members, members.every(isSelected) ? 0 : mark);
      break;
    }
    case "paint": {
      const cut = regions();
      change(segmentation.regionsOf(cut, segmentation.under(points)));
      break;
    }
    case "cover":
      change(segmentation.covered(regions(), points));
      break;
    case "grow": {
      const ladder = new Ladder(segmentation, regions(), superpixel);
      const region = ladder.start(), selected = state.map((value) => Number(value === mark));
      put(marked(region.every((flag, s) => !flag || selected[s]) ? ladder.above(selected) : region), mark);
      break;
    }
    case "shrink":
      if (isSelected(superpixel)) {
        const ladder = new Ladder(segmentation, regions(), superpixel);
        take(marked(ladder.lastStep(state.map((value) => Number(value === mark)))));
      }
      break;
  }
}

/**
 * @param {Uint8Array} flags one a superpixel
 */
function marked(flags) {
  const found = [];
  for (let s = 0; s < flags.length; s++) if (flags[s]) found.push(s);
  return found;
}
