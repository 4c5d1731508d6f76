// What a person means by what they draw over a photo with the object tool: a click, a box, a loop around the thing, or
// a stroke over it.

import { corners, thinned } from "./shapes.js";

/** @typedef {"tap" | "box" | "loop" | "stroke"} Start */
/** @typedef {{ start: Start, points: Point[] }} Drawing */

// A path there and back again encloses next to nothing; a loop, however long and narrow, at least so much of a circle.
const ROUND_ENOUGH = 0.1;
// The part of a path, from each end, in which a loop may close: who has gone too far has closed it before the end.
const ENDS = 0.2;
// A loop is so many times longer than the gap that closes by itself.
const LONG_ENOUGH = 4;

/**
 * Whether the pointer went nowhere, on the whole way.
 *
 * @param {Point[]} points
 * @param {number} tremble how far a hand moves that means to be still
 */
export function isStill(points, tremble) {
  const [[x0, y0]] = points;
  return points.every(([x, y]) => Math.hypot(x - x0, y - y0) <= tremble);
}

/**
 * What has been drawn, and the points to send.
 *
 * @param {Point[]} points that the pointer has passed
 * @param {{ isBox: boolean, gap: number }} options whether a box is meant, and how near to its beginning a loop closes
 * @returns {Drawing}
 */
export function readDrawing(points, { isBox, gap }) {
  if (isBox) {
    const [first, , last] = corners(points);
    return { start: "box", points: [first, last] };
  }
  const path = thinned(points);
  return { start: isLoop(path, gap) ? "loop" : "stroke", points: path };
}

/**
 * Some of the points of a path, the ends among them: what is drawn is asked for many times a second.
 *
 * @param {Point[]} points
 * @param {number} most
 */
export function sampled(points, most) {
  const stride = Math.max(1, Math.ceil((points.length - 1) / (most - 1)));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/**
 * @param {Point[]} path
 * @param {number} gap
 */
function isLoop(path, gap) {
  const length = lengthOf(path);
  if (length < LONG_ENOUGH * gap) return false;
  const round = (4 * Math.PI * Math.abs(areaOf(path))) / length ** 2;
  return round >= ROUND_ENOUGH && closes(path, Math.max(gap, ENDS * length * 0.75));
}

/**
 * Whether the end of a path comes near its beginning.
 *
 * @param {Point[]} path
 * @param {number} gap
 */
function closes(path, gap) {
  const part = Math.max(1, Math.floor(path.length * ENDS));
  return path.slice(-part).some(([x, y]) => path.slice(0, part).some(([u, v]) => Math.hypot(x - u, y - v) <= gap));
}

/** @param {Point[]} path */
function lengthOf(path) {
  return path.reduce((sum, [x, y], i) => (i ? sum + Math.hypot(x - path[i - 1][0], y - path[i - 1][1]) : 0), 0);
}

/**
 * What a path encloses if its ends are joined, below zero if it goes the other way round.
 *
 * @param {Point[]} path
 */
function areaOf(path) {
  return path.reduce((sum, [x, y], i) => {
    const [u, v] = path[(i + 1) % path.length];
    return sum + (x * v - u * y) / 2;
  }, 0);
}
