// Which pixels lie inside a polygon. A canvas would soften the edges, and may be disturbed by the browser.

/**
 * How many pixels of each superpixel have their centre inside a polygon, by the winding number. Each edge leaves, in
 * every row it crosses, +1 or -1 at the first centre to its right.
 *
 * @param {Point[]} polygon
 * @param {Uint16Array} labels superpixel of every pixel, row by row
 * @param {number} width of the photo
 * @param {number} count of superpixels
 */
export function pixelsInside(polygon, labels, width, count) {
  const top = Math.min(...polygon.map(([, y]) => firstRow(y)));
  const bottom = Math.max(...polygon.map(([, y]) => firstRow(y)));
  const winding = new Int16Array((width + 1) * (bottom - top));
  polygon.forEach(([x0, y0], i) => {
    const [x1, y1] = polygon[(i + 1) % polygon.length];
    for (let row = firstRow(Math.min(y0, y1)); row < firstRow(Math.max(y0, y1)); row++) {
      const crossing = x0 + ((x1 - x0) * (row + 0.5 - y0)) / (y1 - y0);
      const column = Math.min(Math.max(Math.ceil(crossing - 0.5), 0), width);
      winding[(row - top) * (width + 1) + column] += y1 > y0 ? 1 : -1;
    }
  });
  const inside = new Uint32Array(count);
  for (let row = top; row < bottom; row++) {
    for (let x = 0, sum = 0; x < width; x++) {
      sum += winding[(row - top) * (width + 1) + x];
      if (sum) inside[labels[row * width + x]]++;
    }
  }
  return inside;
}

/**
 * The first row whose centre is not above a height.
 *
 * @param {number} y
 */
function firstRow(y) {
  return Math.ceil(y - 0.5);
}
