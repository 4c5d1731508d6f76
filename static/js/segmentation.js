// The superpixels of a photo and their merge tree, as the server sent them. Pure: it knows neither page nor network,
// and its gestures mean exactly what selector/regions.py makes of them; the server's answer always has the last word.

// Cuts that are kept: every stop of the slider, and some of the levels between.
const CUTS_KEPT = 48;

export class Segmentation {
  #cuts = new Map();
  #measures = null;

  /**
   * @param {Uint16Array} labels superpixel of every pixel, row by row
   * @param {Uint16Array} parents merge tree: leaves 0..n-1, the root its own parent
   */
  constructor(labels, parents, width, height) {
    Object.assign(this, { labels, parents, width, height });
    this.count = (parents.length + 1) / 2;
    this.#sortPixels();
    this.#findBorders();
  }

  /** Pixels sorted by superpixel, so that a region is drawn without looking at the whole photo; and their boxes. */
  #sortPixels() {
    const { labels, count, width, height } = this;
    this.starts = new Uint32Array(count + 1);
    for (let i = 0; i < labels.length; i++) this.starts[labels[i] + 1]++;
    for (let s = 0; s < count; s++) this.starts[s + 1] += this.starts[s];
    const next = this.starts.slice();
    this.pixels = new Uint32Array(labels.length);
    this.lefts = new Uint16Array(count).fill(width);
    this.rights = new Uint16Array(count);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const superpixel = labels[i];
        this.pixels[next[superpixel]++] = i;
        if (x < this.lefts[superpixel]) this.lefts[superpixel] = x;
        if (x >= this.rights[superpixel]) this.rights[superpixel] = x + 1;
      }
    }
  }

  /** The pixels along the outline of each superpixel: only they can lie on the outline of a region. */
  #findBorders() {
    const { labels, pixels, starts, count, width } = this;
    const found = new Uint32Array(pixels.length);
    this.borderStarts = new Uint32Array(count + 1);
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
      this.borderStarts[s + 1] = n;
    }
    this.borders = found.slice(0, n);
  }

  pixelsOf(superpixel) {
    return this.pixels.subarray(this.starts[superpixel], this.starts[superpixel + 1]);
  }

  areaOf(superpixel) {
    return this.starts[superpixel + 1] - this.starts[superpixel];
  }

  /** Left, top, right and bottom of a superpixel, ends excluded. */
  boxOf(superpixel) {
    const { pixels, starts, width } = this;
    const top = Math.floor(pixels[starts[superpixel]] / width);
    const bottom = Math.floor(pixels[starts[superpixel + 1] - 1] / width) + 1;
    return [this.lefts[superpixel], top, this.rights[superpixel], bottom];
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
    let cut = this.#cuts.get(kept);
    if (!cut) {
      const region = new Uint16Array(kept);
      for (let node = kept - 1; node >= 0; node--) {
        region[node] = parents[node] >= kept || parents[node] === node ? node : region[parents[node]];
      }
      cut = region.subarray(0, count);
      if (this.#cuts.size === CUTS_KEPT) this.#cuts.delete(this.#cuts.keys().next().value);
      this.#cuts.set(kept, cut);
    }
    return cut;
  }

  /** Superpixels of the region that holds a superpixel. */
  members(cut, superpixel) {
    const region = cut[superpixel];
    const found = [];
    for (let s = 0; s < cut.length; s++) if (cut[s] === region) found.push(s);
    return found;
  }

  /** The pixels of some superpixels that lie on the outline of their region, or on the edge of the photo. */
  outline(cut, superpixels) {
    const { labels, width, height, borders, borderStarts } = this;
    const last = width * (height - 1);
    const found = [];
    for (const s of superpixels) {
      const region = cut[s];
      for (let i = borderStarts[s]; i < borderStarts[s + 1]; i++) {
        const pixel = borders[i], x = pixel % width;
        const inner =
          x > 0 && x < width - 1 && pixel >= width && pixel < last &&
          cut[labels[pixel - 1]] === region && cut[labels[pixel + 1]] === region &&
          cut[labels[pixel - width]] === region && cut[labels[pixel + width]] === region;
        if (!inner) found.push(pixel);
      }
    }
    return found;
  }

  /** Superpixels under a line through points, looked at twice in every pixel it crosses. */
  under(points) {
    const found = new Set();
    points.forEach(([x, y], i) => {
      const [px, py] = points[Math.max(i - 1, 0)];
      const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x - px), Math.abs(y - py))));
      for (let k = 0; k <= steps; k++) {
        const superpixel = this.at(px + (x - px) * (k / steps), py + (y - py) * (k / steps));
        if (superpixel >= 0) found.add(superpixel);
      }
    });
    return found;
  }

  /** Superpixels of the regions that hold some superpixels. */
  regionsOf(cut, superpixels) {
    const touched = new Set(Array.from(superpixels, (s) => cut[s]));
    const found = [];
    for (let s = 0; s < cut.length; s++) if (touched.has(cut[s])) found.push(s);
    return found;
  }

  /** Superpixels of the regions that have more than half their pixels inside a polygon. */
  covered(cut, polygon) {
    const { count, parents } = this;
    const held = this.#inside(polygon);
    const inside = new Uint32Array(parents.length), total = new Uint32Array(parents.length);
    for (let s = 0; s < count; s++) {
      inside[cut[s]] += held[s];
      total[cut[s]] += this.areaOf(s);
    }
    const found = [];
    for (let s = 0; s < count; s++) if (2 * inside[cut[s]] > total[cut[s]]) found.push(s);
    return found;
  }

  /**
   * How many pixels of each superpixel have their centre inside a polygon, by the winding number. Each edge leaves, in
   * every row it crosses, +1 or -1 at the first centre to its right. A canvas would soften the edges, and may be disturbed.
   */
  #inside(polygon) {
    const { labels, width, count } = this;
    const first = (y) => Math.ceil(y - 0.5);
    const top = Math.min(...polygon.map(([, y]) => first(y)));
    const bottom = Math.max(...polygon.map(([, y]) => first(y)));
    const winding = new Int16Array((width + 1) * (bottom - top));
    polygon.forEach(([x0, y0], i) => {
      const [x1, y1] = polygon[(i + 1) % polygon.length];
      for (let row = first(Math.min(y0, y1)); row < first(Math.max(y0, y1)); row++) {
        const crossing = x0 + ((x1 - x0) * (row + 0.5 - y0)) / (y1 - y0);
        const column = Math.min(Math.max(Math.ceil(crossing - 0.5), 0), width);
        winding[(row - top) * (width + 1) + column] += y1 > y0 ? 1 : -1;
      }
    });
    const held = new Uint32Array(count);
    for (let row = top; row < bottom; row++) {
      for (let x = 0, sum = 0; x < width; x++) {
        sum += winding[(row - top) * (width + 1) + x];
        if (sum) held[labels[row * width + x]]++;
      }
    }
    return held;
  }

  /** The largest node of the tree around a superpixel of which `has` holds for every superpixel. */
  largestNode(superpixel, has) {
    const { parents, count } = this;
    const lacking = new Uint32Array(parents.length);
    for (let node = 0; node < parents.length - 1; node++) {
      if (node < count && !has(node)) lacking[node] = 1;
      lacking[parents[node]] += lacking[node];
    }
    let node = superpixel;
    while (parents[node] !== node && !lacking[parents[node]]) node = parents[node];
    return node;
  }

  /** Superpixels below a node of the tree. */
  below(node) {
    const { parents, count } = this;
    const inside = new Uint8Array(parents.length);
    inside[node] = 1;
    for (let child = node - 1; child >= 0; child--) inside[child] = inside[parents[child]];
    const found = [];
    for (let s = 0; s < count; s++) if (inside[s]) found.push(s);
    return found;
  }

  /** For each region of a cut: its centre, its area, and the regions it touches. */
  regions(cut) {
    this.#measures ??= this.#measure();
    const { sumX, sumY, pairs } = this.#measures;
    const found = new Map();
    for (let s = 0; s < cut.length; s++) {
      if (!found.has(cut[s])) found.set(cut[s], { id: cut[s], x: 0, y: 0, area: 0, near: new Set() });
      const region = found.get(cut[s]);
      region.x += sumX[s];
      region.y += sumY[s];
      region.area += this.areaOf(s);
    }
    for (const pair of pairs) {
      const [a, b] = [cut[pair >> 16], cut[pair & 0xffff]];
      if (a === b) continue;
      found.get(a).near.add(b);
      found.get(b).near.add(a);
    }
    for (const region of found.values()) {
      region.x /= region.area;
      region.y /= region.area;
    }
    return found;
  }

  /** Of each superpixel the sums of its pixels' coordinates, and which ones touch; the regions of any cut follow. */
  #measure() {
    const { labels, width, height, count } = this;
    const sumX = new Float64Array(count), sumY = new Float64Array(count);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        sumX[labels[i]] += x + 0.5;
        sumY[labels[i]] += y + 0.5;
      }
    }
    const pairs = new Set();
    for (const pixel of this.borders) {
      const here = labels[pixel];
      // A label map has at most 32,767 superpixels, so two of them fit a small integer.
      if ((pixel + 1) % width && labels[pixel + 1] !== here) pairs.add((here << 16) | labels[pixel + 1]);
      if (pixel + width < labels.length && labels[pixel + width] !== here) pairs.add((here << 16) | labels[pixel + width]);
    }
    return { sumX, sumY, pairs };
  }

  /** The pixel of a region nearest to a point, as coordinates of its centre: a point that surely lies inside. */
  inside(superpixels, x, y) {
    let best = null, least = Infinity;
    for (const superpixel of superpixels) {
      for (const pixel of this.pixelsOf(superpixel)) {
        const px = (pixel % this.width) + 0.5, py = Math.floor(pixel / this.width) + 0.5;
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < least) [best, least] = [[px, py], distance];
      }
    }
    return best;
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

/**
 * Apply a gesture to a state in place. Undo and redo are left to the server, which alone knows the history, and so is
 * "similar", which needs the colours.
 */
export function anticipate(state, segmentation, gesture) {
  const mark = gesture.mode === "exclude" ? 2 : 1;
  const put = (superpixels, value) => { for (const s of superpixels) state[s] = value; };
  const take = (superpixels) => { for (const s of superpixels) if (state[s] === mark) state[s] = 0; };
  const change = (superpixels) => (gesture.remove ? take(superpixels) : put(superpixels, mark));
  const cut = gesture.level ? segmentation.cut(gesture.level) : null;
  const superpixel = gesture.points?.length ? segmentation.at(...gesture.points[0]) : -1;
  const selected = (s) => state[s] === mark;
  switch (gesture.tool) {
    case "clear":
      return void state.fill(0);
    case "invert":
      return void state.forEach((value, s) => { if (value !== 2) state[s] = 1 - value; });
    case "toggle": {
      const members = segmentation.members(cut, superpixel);
      return put(members, members.every(selected) ? 0 : mark);
    }
    case "paint":
      return change(segmentation.regionsOf(cut, segmentation.under(gesture.points)));
    case "cover":
      return change(segmentation.covered(cut, gesture.points));
    case "grow": {
      const members = segmentation.members(cut, superpixel);
      if (!members.every(selected)) return put(members, mark);
      const node = segmentation.largestNode(superpixel, selected);
      return put(segmentation.below(segmentation.parents[node]), mark);
    }
    case "shrink": {
      if (!selected(superpixel)) return undefined;
      const node = segmentation.largestNode(superpixel, selected);
      let child = superpixel;
      while (child !== node && segmentation.parents[child] !== node) child = segmentation.parents[child];
      const kept = new Set(child === node ? [] : segmentation.below(child));
      return take(segmentation.below(node).filter((s) => !kept.has(s)));
    }
  }
}
