// Where the superpixels lie, sorted once when a label map has come: what is drawn later looks at their pixels alone.

/**
 * @typedef {object} PixelIndex
 * @property {Uint32Array} pixels all pixels, those of one superpixel side by side, row by row
 * @property {Uint32Array} starts where the pixels of each superpixel begin, and where the last ones end
 * @property {Uint16Array} lefts first column of each superpixel
 * @property {Uint16Array} rights column after its last
 */

/**
 * Pixels sorted by superpixel, so that a region is drawn without looking at the whole photo.
 *
 * @param {Uint16Array} labels superpixel of every pixel, row by row
 * @param {number} count of superpixels
 * @param {number} width
 * @param {number} height
 * @returns {PixelIndex}
 */
export function sortPixels(labels, count, width, height) {
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < labels.length; i++) starts[labels[i] + 1]++;
  for (let s = 0; s < count; s++) starts[s + 1] += starts[s];
  const next = starts.slice();
  const pixels = new Uint32Array(labels.length);
  const lefts = new Uint16Array(count).fill(width), rights = new Uint16Array(count);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const superpixel = labels[i];
      pixels[next[superpixel]++] = i;
      if (x < lefts[superpixel]) lefts[superpixel] = x;
      if (x >= rights[superpixel]) rights[superpixel] = x + 1;
    }
  }
  return { pixels, starts, lefts, rights };
}

/**
 * The pixels along the outline of each superpixel: only they can lie on the outline of a region.
 *
 * @param {Uint16Array} labels
 * @param {PixelIndex} index
 * @param {number} width
 */
export function findBorders(labels, { pixels, starts }, width) {
  const count = starts.length - 1;
  const found = new Uint32Array(pixels.length);
  const borderStarts = new Uint32Array(count + 1);
  let n = 0;
  for (let s = 0; s < count; s++) {
    for (let i = starts[s]; i < starts[s + 1]; i++) {
      const pixel = pixels[i], x = pixel % width;
      // Beyond the first and last row the array has no value, which is no superpixel either.
      const inner =
        x > 0 && x < width - 1 && labels[pixel - 1] === s && labels[pixel + 1] === s &&
        labels[pixel - width] === s && labels[pixel + width] === s;
      if (!inner) found[n++] = pixel;
    }
    borderStarts[s + 1] = n;
  }
  return { borders: found.slice(0, n), borderStarts };
}
