// Where there is no room for a pane, the cut-out lies on the stage: in the corner in which it covers the least of what is
// selected, at the right if it can. It stays where it is while it covers little, or it would wander about.

const CORNERS = ["", "above", "left", "above left"];
// Of what is selected, so much may be covered: to move for less would be more of a bother than what is hidden.
const LITTLE = 0.1;

export class Inset {
  #cutout;
  #stage;
  #photo;

  /**
   * @param {HTMLElement} cutout
   * @param {HTMLElement} stage which it lies on
   * @param {HTMLElement} photo which it may cover
   */
  constructor(cutout, stage, photo) {
    this.#cutout = cutout;
    this.#stage = stage;
    this.#photo = photo;
  }

  /**
   * @param {number[][]} boxes of what is selected: left, top, right and bottom in pixels of the photo
   * @param {number} width of the photo in such pixels
   */
  giveWay(boxes, width) {
    const inset = this.#cutout.getBoundingClientRect(), stage = this.#stage.getBoundingClientRect();
    if (!inset.width) return;
    const photo = this.#photo.getBoundingClientRect();
    const scale = photo.width / width;
    const now = this.#cutout.dataset.corner ?? "";
    const covered = CORNERS.map((corner) => {
      // On the photo, in its pixels.
      const left = ((corner.includes("left") ? stage.left : stage.right - inset.width) - photo.left) / scale;
      const top = ((corner.includes("above") ? stage.top : stage.bottom - inset.height) - photo.top) / scale;
      const right = left + inset.width / scale, bottom = top + inset.height / scale;
      return boxes.reduce((sum, [l, t, r, b]) =>
        sum + Math.max(Math.min(right, r) - Math.max(left, l), 0) * Math.max(Math.min(bottom, b) - Math.max(top, t), 0), 0);
    });
    const all = boxes.reduce((sum, [l, t, r, b]) => sum + (r - l) * (b - t), 0);
    if (covered[CORNERS.indexOf(now)] < LITTLE * all) return;
    const free = covered.findIndex((area) => area < LITTLE * all);
    this.#cutout.dataset.corner = CORNERS[free >= 0 ? free : covered.indexOf(Math.min(...covered))];
  }
}
