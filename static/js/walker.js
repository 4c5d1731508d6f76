// Walking over the stage by keyboard: arrow keys go from region to neighbouring region, Enter toggles the one in focus.

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

  /** Take one step by an arrow key; the first one lands in the middle. False for any other key. */
  step(key) {
    const direction = DIRECTIONS[key];
    if (!direction) return false;
    if (this.superpixel === null) {
      this.start();
    } else {
      const next = this.#neighbour(direction);
      if (next) this.superpixel = this.cut.indexOf(next.id);
    }
    return true;
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
