// A box on a picture, in whole pixels of it: drawn, moved and resized, always inside and never too small. Without a page.

/** @typedef {{ left: number, top: number, width: number, height: number }} Frame */
/** @typedef {{ width: number, height: number, smallest: number }} Limits the picture's size, and the least of a side */

/**
 * The frame between two corners.
 *
 * @param {Point} anchor the corner that stays
 * @param {Point} corner the one that moves
 * @param {Limits} limits
 * @returns {Frame}
 */
export function between(anchor, corner, { width, height, smallest }) {
  const across = side(anchor[0], corner[0], width, smallest), down = side(anchor[1], corner[1], height, smallest);
  return { left: across.start, top: down.start, width: across.length, height: down.length };
}

/**
 * @param {number} anchor
 * @param {number} moving
 * @param {number} most the picture's length
 * @param {number} smallest
 */
function side(anchor, moving, most, smallest) {
  const fixed = clamp(Math.round(anchor), 0, most), end = clamp(Math.round(moving), 0, most);
  const length = Math.max(Math.abs(end - fixed), smallest);
  return { start: clamp(end < fixed ? fixed - length : fixed, 0, most - length), length };
}

/**
 * @param {Frame} frame
 * @param {number} dx
 * @param {number} dy
 * @param {Limits} limits
 * @returns {Frame}
 */
export function moved(frame, dx, dy, limits) {
  return {
    ...frame,
    left: clamp(Math.round(frame.left + dx), 0, limits.width - frame.width),
    top: clamp(Math.round(frame.top + dy), 0, limits.height - frame.height),
  };
}

/**
 * A frame with another size, whose left upper corner stays.
 *
 * @param {Frame} frame
 * @param {number} dx
 * @param {number} dy
 * @param {Limits} limits
 * @returns {Frame}
 */
export function resized(frame, dx, dy, limits) {
  return {
    ...frame,
    width: clamp(Math.round(frame.width + dx), limits.smallest, limits.width - frame.left),
    height: clamp(Math.round(frame.height + dy), limits.smallest, limits.height - frame.top),
  };
}

/**
 * The corner of a frame that is opposite to one.
 *
 * @param {Frame} frame
 * @param {string} corner such as "left top"
 * @returns {Point}
 */
export function opposite({ left, top, width, height }, corner) {
  return [corner.includes("left") ? left + width : left, corner.includes("top") ? top + height : top];
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), Math.max(least, most));
}
