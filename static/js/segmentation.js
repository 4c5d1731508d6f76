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

  /** Superpixels of the regions that have more than half their pixels inside a polygon. */
  covered(cut, polygon) {
    const { labels, width, height, count, parents } = this;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.beginPath();
    for (const [x, y] of polygon) context.lineTo(x, y);
    context.fill("nonzero");
    const alpha = context.getImageData(0, 0, width, height).data;
    const inside = new Uint32Array(parents.length), total = new Uint32Array(parents.length);
    for (let i = 0; i < labels.length; i++) {
      const region = cut[labels[i]];
      total[region]++;
      if (alpha[4 * i + 3] > 127) inside[region]++;
    }
    return Array.from({ length: count }, (_, s) => s).filter((s) => 2 * inside[cut[s]] > total[cut[s]]);
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

  /** For each region of a cut: its centre, a pixel inside it, its area, and the regions it touches. */
  regions(cut) {
    const { labels, width, height } = this;
    const found = new Map();
    const of = (pixel) => {
      const id = cut[labels[pixel]];
      if (!found.has(id)) found.set(id, { id, x: 0, y: 0, area: 0, near: new Set() });
      return found.get(id);
    };
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const region = of(pixel), x = pixel % width, y = (pixel - x) / width;
      region.x += x + 0.5;
      region.y += y + 0.5;
      region.area++;
      for (const next of [x + 1 < width ? pixel + 1 : pixel, y + 1 < height ? pixel + width : pixel]) {
        const other = cut[labels[next]];
        if (other !== region.id) {
          region.near.add(other);
          of(next).near.add(region.id);
        }
      }
    }
    for (const region of found.values()) {
      region.x /= region.area;
      region.y /= region.area;
    }
    return found;
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
    case "paint": {
      const touched = new Set(Array.from(segmentation.under(gesture.points), (s) => cut[s]));
      const members = [];
      for (let s = 0; s < cut.length; s++) if (touched.has(cut[s])) members.push(s);
      return change(members);
    }
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
