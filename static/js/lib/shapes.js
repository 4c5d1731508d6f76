// How a tool is drawn: from the points that the pointer passed to the points that are sent.

/**
 * point: one click; stroke: the points under a line; lasso: the outline as it was drawn; rectangle: four corners;
 * object: any of them, see drawings.js.
 *
 * @typedef {"point" | "stroke" | "lasso" | "rectangle" | "object"} Shape
 */

// The server takes no more points in one gesture.
const MOST_POINTS = 1500;

/**
 * The points to send, or null when what was drawn means nothing: a click is a point but no area, a drag the reverse.
 *
 * @param {Shape} shape
 * @param {Point[]} points at least one
 * @param {boolean} isStill whether the pointer stayed where it was all the time: a loop ends where it began too
 * @returns {Point[] | null}
 */
export function pointsToSend(shape, points, isStill) {
  switch (shape) {
    case "point":
    case "object":
      return isStill ? [points[0]] : null;
    case "stroke":
      return thinned(points);
    case "lasso":
      return isStill ? null : thinned(points);
    case "rectangle":
      return isStill ? null : corners(points);
  }
}

/**
 * What to say of what was drawn and means nothing.
 *
 * @param {Shape} shape
 */
export function hint(shape) {
  return shape === "point"
    ? "Nothing changed: this tool takes clicks; a drag means nothing to it."
    : "Nothing changed: this tool draws around a part of the photo; a click means nothing to it.";
}

/**
 * The line along which what is being drawn will close itself, from its end to where it began; null where nothing does.
 *
 * @param {Shape} shape
 * @param {Point[]} points
 * @returns {[end: Point, start: Point] | null}
 */
export function closingLine(shape, points) {
  return shape === "lasso" && points.length > 1 ? [points[points.length - 1], points[0]] : null;
}

/**
 * The points to show while the pointer is down; null where there is nothing to draw.
 *
 * @param {Shape} shape
 * @param {Point[]} points
 */
export function pointsToShow(shape, points) {
  if (shape === "point" || shape === "object") return null;
  return shape === "rectangle" ? corners(points) : points;
}

/**
 * The rectangle between the first and the last point.
 *
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function corners(points) {
  const [[x0, y0], [x1, y1]] = [points[0], points[points.length - 1]];
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/**
 * Points at least half a pixel apart, and not too many.
 *
 * @param {Point[]} points
 */
export function thinned(points) {
  const kept = points.filter(([x, y], i) => {
    if (i === 0 || i === points.length - 1) return true;
    const [px, py] = points[i - 1];
    return Math.hypot(x - px, y - py) >= 0.5;
  });
  const stride = Math.ceil(kept.length / MOST_POINTS);
  return kept.filter((_, i) => i % stride === 0 || i === kept.length - 1);
}
