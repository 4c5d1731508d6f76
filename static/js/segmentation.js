// The address under which scripts outside this folder find the segmentation.

export { Segmentation } from "./lib/segmentation.js";
export { anticipate, unpackState } from "./lib/selection.js";
