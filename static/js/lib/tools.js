/**
 * What a tool does, read from the data attributes of its radio button. A new tool that the server knows needs its radio
 * button and nothing here.
 *
 *   data-shape            how it is drawn: point, stroke, lasso, rectangle or object (see shapes.js)
 *   data-gesture          what is sent as `tool`
 *   data-key              the key that chooses it
 *   data-shifted-gesture  what is sent as `tool` instead, while Shift is held
 *   data-shifted-field    a field that is sent too while Shift is held, as name=value
 *   data-alt-field        a field that is sent too while Alt is held, as name=value
 *   data-enter-gesture    what Enter sends as `tool` for the region in focus. Without it Enter sends what a click does;
 *                         an area cannot be drawn by a key, so a lasso and a rectangle name another gesture.
 */

/** @import { Shape } from "./shapes.js" */

/**
 * @typedef {object} Tool
 * @property {Shape} shape
 * @property {string} gesture
 * @property {string} shiftedGesture
 * @property {Record<string, string>} shiftedFields
 * @property {Record<string, string>} altFields
 * @property {string} enterGesture empty where Enter sends what a click does
 */

/**
 * The keys held, or a button pressed that stands for them.
 *
 * @typedef {{ shift: boolean, alt: boolean }} Held
 */

/** @type {readonly string[]} */
const SHAPES = ["point", "stroke", "lasso", "rectangle", "object"];

/**
 * @param {DOMStringMap} data the data attributes of the radio button
 * @returns {Tool}
 */
export function readTool(data) {
  const { shape = "", gesture = "", shiftedGesture = gesture, shiftedField, altField, enterGesture = "" } = data;
  if (!SHAPES.includes(shape)) throw new RangeError(`A tool cannot have the shape "${shape}".`);
  return {
    shape: /** @type {Shape} */ (shape),
    gesture,
    shiftedGesture,
    shiftedFields: fieldsOf(shiftedField),
    altFields: fieldsOf(altField),
    enterGesture,
  };
}

/**
 * What a tool sends besides the points.
 *
 * @param {Tool} tool
 * @param {Held} held
 * @returns {{ tool: string, [field: string]: unknown }}
 */
export function whatToSend(tool, { shift, alt }) {
  return {
    tool: shift ? tool.shiftedGesture : tool.gesture,
    ...(shift ? tool.shiftedFields : {}),
    ...(alt ? tool.altFields : {}),
  };
}

/**
 * What Enter sends besides the point.
 *
 * @param {Tool} tool
 * @param {Held} held
 * @returns {{ tool: string, [field: string]: unknown }}
 */
export function whatEnterSends(tool, held) {
  return tool.enterGesture ? { tool: tool.enterGesture } : whatToSend(tool, held);
}

/**
 * @param {string} [field] name=value
 * @returns {Record<string, string>}
 */
function fieldsOf(field) {
  return Object.fromEntries(new URLSearchParams(field));
}
