// Zooming into a picture and moving about in it. Everything else reads positions off the layers' box on the screen, so
// coordinates stay right whatever is done here.

const LARGEST = 8;

export class Viewport {
  scale = 1;
  // The shift counts in sizes of the fitted photo, so that it stays right when the window changes.
  #x = 0;
  #y = 0;
  #frame;

  /**
   * @param {HTMLElement} layers the element that is moved and scaled; its unscaled box is the fitted photo
   * @param {(scale: number) => void} [changed] called after each change
   */
  constructor(layers, changed = () => {}) {
    if (!layers.parentElement) throw new TypeError("A viewport needs an element around its layers.");
    this.layers = layers;
    this.changed = changed;
    this.#frame = layers.parentElement;
    layers.style.transformOrigin = "0 0";
  }

  /**
   * Scale by a factor so that the point under the pointer stays where it is, or moves along with two fingers.
   *
   * @param {number} factor
   * @param {number} clientX
   * @param {number} clientY
   * @param {number} [dx] in CSS pixels
   * @param {number} [dy]
   */
  zoom(factor, clientX, clientY, dx = 0, dy = 0) {
    const box = this.layers.getBoundingClientRect();
    const scale = Math.min(Math.max(this.scale * factor, 1), LARGEST);
    const shrunk = this.scale - scale;
    this.#x += ((clientX - box.left) / box.width) * shrunk + dx / this.layers.offsetWidth;
    this.#y += ((clientY - box.top) / box.height) * shrunk + dy / this.layers.offsetHeight;
    this.scale = scale;
    this.#show();
  }

  /**
   * Zoom around the middle of what is shown, for keys and buttons.
   *
   * @param {number} factor
   */
  zoomCentre(factor) {
    const box = this.#frame.getBoundingClientRect();
    this.zoom(factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  /**
   * Move by a distance in CSS pixels.
   *
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.#x += dx / this.layers.offsetWidth;
    this.#y += dy / this.layers.offsetHeight;
    this.#show();
  }

  /** Show all of the photo. */
  fit() {
    this.scale = 1;
    this.#x = this.#y = 0;
    this.#show();
  }

  /**
   * Show a part, given in sizes of the photo, in the middle, as large as it goes and with a little room around it.
   *
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   */
  fitTo(left, top, right, bottom) {
    const { offsetWidth, offsetHeight } = this.layers;
    const across = this.#frame.clientWidth / offsetWidth / (right - left);
    const down = this.#frame.clientHeight / offsetHeight / (bottom - top);
    this.scale = Math.min(Math.max(0.92 * Math.min(across, down), 1), LARGEST);
    this.#x = 0.5 - (this.scale * (left + right)) / 2;
    this.#y = 0.5 - (this.scale * (top + bottom)) / 2;
    this.#draw();
  }

  /**
   * Move a point, given in sizes of the photo, into what is shown.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} [margin] in CSS pixels
   */
  reveal(x, y, margin = 24) {
    const box = this.layers.getBoundingClientRect(), shown = this.#frame.getBoundingClientRect();
    const short = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ to) =>
      Math.max(from + margin - at, 0) + Math.min(to - margin - at, 0);
    const dx = short(box.left + x * box.width, shown.left, shown.right);
    const dy = short(box.top + y * box.height, shown.top, shown.bottom);
    if (dx || dy) this.pan(dx, dy);
  }

  /** The photo always covers the box it fits into: it cannot be lost. */
  #show() {
    this.#x = Math.min(0, Math.max(this.#x, 1 - this.scale));
    this.#y = Math.min(0, Math.max(this.#y, 1 - this.scale));
    this.#draw();
  }

  #draw() {
    this.layers.style.transform =
      this.scale === 1 ? "" : `translate(${100 * this.#x}%, ${100 * this.#y}%) scale(${this.scale})`;
    this.changed(this.scale);
  }
}
