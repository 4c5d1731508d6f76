// A tint as the server draws it for pages without JavaScript, made here from the label array: so the answer to a
// gesture need only say which superpixels are selected, a few hundred bytes however ragged they lie. It is written as a
// PNG of one bit a pixel by hand, because a canvas that is read back is disturbed by browsers that resist
// fingerprinting.

// Four pixels of stripe, four of gap, one pixel further left in each row, as in the server's tints.
const STRIPE = 0b11110000;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** @import { Segmentation } from "./segmentation.js" */

/**
 * @param {Segmentation} segmentation
 * @param {Uint8Array} state what each superpixel is marked as
 * @param {number} mark the value to show; all else stays clear
 * @param {readonly number[]} colour red, green, blue
 * @param {{ striped?: boolean }} [options]
 * @returns {string} a data: URL
 */
export function tintUrl(segmentation, state, mark, colour, { striped = false } = {}) {
  const { width, height } = segmentation;
  const rowLength = 1 + Math.ceil(width / 8);
  const rows = new Uint8Array(rowLength * height);
  const stripes = Uint8Array.from({ length: 8 }, (_, y) => (striped ? (STRIPE << y) | (STRIPE >> (8 - y)) : 0xff));
  for (let superpixel = 0; superpixel < state.length; superpixel++) {
    if (state[superpixel] !== mark) continue;
    const pixels = segmentation.pixelsOf(superpixel);
    // They come row by row, so rows are counted along: no division for every pixel.
    for (let i = 0, y = Math.floor(pixels[0] / width), begin = y * width; i < pixels.length; i++) {
      for (; pixels[i] >= begin + width; begin += width) y++;
      const x = pixels[i] - begin;
      rows[y * rowLength + 1 + (x >> 3)] |= (0x80 >> (x & 7)) & stripes[y & 7];
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([1, 3, 0, 0, 0], 8);
  return dataUrl([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    ...chunk("IHDR", header),
    ...chunk("PLTE", Uint8Array.of(0, 0, 0, ...colour)),
    ...chunk("tRNS", Uint8Array.of(0, 255)),
    ...chunk("IDAT", stored(rows)),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

/**
 * @param {string} name four letters
 * @param {Uint8Array} data
 */
function chunk(name, data) {
  const named = new Uint8Array(4 + data.length);
  named.set(Array.from(name, (letter) => letter.charCodeAt(0)));
  named.set(data, 4);
  let crc = 0xffffffff;
  for (const byte of named) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return [word(data.length), named, word(~crc)];
}

/** @param {number} value */
function word(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0);
  return bytes;
}

/**
 * A zlib stream without compression: nothing here goes over a network.
 *
 * @param {Uint8Array} data
 */
function stored(data) {
  const LONGEST = 0xffff;
  const blocks = Math.ceil(data.length / LONGEST);
  const out = new Uint8Array(2 + 5 * blocks + data.length + 4);
  out.set([0x78, 0x01]);
  let at = 2;
  for (let begin = 0; begin < data.length; begin += LONGEST) {
    const block = data.subarray(begin, begin + LONGEST);
    const { length } = block;
    const isLast = Number(begin + LONGEST >= data.length);
    out.set([isLast, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff], at);
    out.set(block, at + 5);
    at += 5 + length;
  }
  out.set(word(adler32(data)), at);
  return out;
}

/** @param {Uint8Array} data */
function adler32(data) {
  let a = 1, b = 0;
  for (let i = 0; i < data.length; ) {
    // As many bytes as the sums can take before they must be reduced.
    for (const end = Math.min(i + 3800, data.length); i < end; i++) b += a += data[i];
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** @param {Uint8Array[]} parts */
function dataUrl(parts) {
  const text = parts.map((part) => {
    let piece = "";
    for (let i = 0; i < part.length; i += 8192) piece += String.fromCharCode(...part.subarray(i, i + 8192));
    return piece;
  });
  return `data:image/png;base64,${btoa(text.join(""))}`;
}
