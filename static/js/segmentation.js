// The superpixels of a photo and their merge tree, as the server sent them. Pure: it knows neither page nor network,
// and its gestures mean exactly what selector/regions.py makes of them; the server's answer always has the last word.

export class Segmentation {
  /**
   * @param {Uint16Array} labels superpixel of every pixel, row by row
   * @param {Uint16Array} parents merge tree: leaves 0..n-1, the root its own parent
   */
  constructor(labels, parents, width, height) {
    Object.assign(this, { labels, parents, width, height });
    this.count = (parents.length + 1) / 2;
    this.#sortPixels();
  }

  /** Pixels sorted by superpixel, so that a region is drawn without looking at the whole photo. */
  #sortPixels() {
    const { labels, count } = this;
    this.starts = new Uint32Array(count + 1);
    for (let i = 0; i < labels.length; i++) this.starts[labels[i] + 1]++;
    for (let s = 0; s < count; s++) this.starts[s + 1] += this.starts[s];
    const next = this.starts.slice();
    this.pixels = new Uint32Array(labels.length);
    for (let i = 0; i < labels.length; i++) this.pixels[next[labels[i]]++] = i;
  }

  pixelsOf(superpixel) {
    return this.pixels.subarray(this.starts[superpixel], this.starts[superpixel + 1]);
  }

  /** Superpixel under a point, or -1 outside the photo. */
  at(x, y) {
    const column = Math.floor(x), row = Math.floor(y);
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return -1;
    return this.labels[row * this.width + column];
  }

  /** Region of every superpixel at a level: the highest ancestor among the merges that the level keeps. */
  cut(level) {
    const { parents, count } = this;
    const kept = 2 * count - Math.min(Math.max(level, 1), count);
    const region = new Uint16Array(kept);
    for (let node = kept - 1; node >= 0; node--) {
      region[node] = parents[node] >= kept || parents[node] === node ? node : region[parents[node]];
    }
    return region.subarray(0, count);
  }

  /** Superpixels of the region that holds a superpixel. */
  members(cut, superpixel) {
    const found = [];
    for (let s = 0; s < cut.length; s++) if (cut[s] === cut[superpixel]) found.push(s);
    return found;
  }

  /** Superpixels under a line through points, looked at twice in every pixel it crosses. */
  under(points) {
    const found = new Set();
    points.forEach(([x, y], i) => {
      const [px, py] = points[Math.max(i - 1, 0)];
      const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x - px), Math.abs(y - py))));
      for (let k = 0; k <= steps; k++) {
        const superpixel = this.at(px + ((x - px) * k) / steps, py + ((y - py) * k) / steps);
        if (superpixel >= 0) found.add(superpixel);
      }
    });
    return found;
  }
}

/** What is included (1) and excluded (2) of each superpixel. */
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

/** Apply a gesture to a state in place. Undo and redo are left to the server, which alone knows the history. */
export function anticipate(state, segmentation, gesture) {
  const mark = gesture.mode === "exclude" ? 2 : 1;
  if (gesture.tool === "clear") state.fill(0);
  if (gesture.tool === "invert") state.forEach((value, s) => { if (value !== 2) state[s] = 1 - value; });
  if (gesture.tool === "toggle") {
    const cut = segmentation.cut(gesture.level);
    const members = segmentation.members(cut, segmentation.at(...gesture.points[0]));
    const whole = members.every((s) => state[s] === mark);
    for (const s of members) state[s] = whole ? 0 : mark;
  }
  if (gesture.tool === "paint") {
    const cut = segmentation.cut(gesture.level);
    const touched = new Set(Array.from(segmentation.under(gesture.points), (s) => cut[s]));
    for (let s = 0; s < cut.length; s++) {
      if (!touched.has(cut[s])) continue;
      if (!gesture.remove) state[s] = mark;
      else if (state[s] === mark) state[s] = 0;
    }
  }
}
