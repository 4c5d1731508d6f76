// Walking over the stage by keyboard: arrow keys go from region to neighbouring region, Page Up and Page Down through all
// of them from top to bottom (a region inside another is no arrow's nearest), Enter toggles the one in focus.

const ORDER = { PageDown: 1, PageUp: -1 };
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export class Walker {
  constructor(segmentation) {
    this.segmentation = segmentation;
    this.superpixel = null;
    this.cut = null;
  }

  /** The regions at a level; what is in focus stays where it is. */
  use(cut) {
    this.cut = cut;
    this.regions = null;
    this.order = null;
  }

  get #regions() {
    this.regions ??= this.segmentation.regions(this.cut);
    return this.regions;
  }

  /** The region in focus, or none. */
  get region() {
    return this.superpixel === null ? null : this.#regions.get(this.cut[this.superpixel]);
  }

  /** A point inside the region in focus. */
  get point() {
    const { x, y } = this.region;
    return this.segmentation.inside(this.segmentation.members(this.cut, this.superpixel), x, y);
  }

  /** Begin in the middle of the photo. */
  start() {
    const { segmentation } = this;
    this.superpixel = segmentation.at(segmentation.width / 2, segmentation.height / 2);
  }

  /** Take one step by a key; the first one lands in the middle. False for a key that means no step. */
  step(key) {
    if (!(key in DIRECTIONS || key in ORDER)) return false;
    if (this.superpixel === null) {
      this.start();
    } else {
      const next = key in ORDER ? this.#following(ORDER[key]) : this.#neighbour(DIRECTIONS[key]);
      if (next) this.superpixel = this.cut.indexOf(next.id);
    }
    return true;
  }

  /** The next region in reading order, or the one before. */
  #following(by) {
    this.order ??= [...this.#regions.values()].sort((a, b) => a.y - b.y || a.x - b.x);
    const { order } = this;
    return order[(order.indexOf(this.region) + by + order.length) % order.length];
  }

  /** The neighbour that lies best in a direction: near, and not far off to the side. */
  #neighbour([dx, dy]) {
    const here = this.region;
    let best = null, least = Infinity;
    for (const id of here.near) {
      const other = this.#regions.get(id);
      const along = (other.x - here.x) * dx + (other.y - here.y) * dy;
      const aside = Math.abs((other.x - here.x) * dy) + Math.abs((other.y - here.y) * dx);
      const cost = along > 0 ? along + 2 * aside : Infinity;
      if (cost < least) [best, least] = [other, cost];
    }
    return best;
  }
}
