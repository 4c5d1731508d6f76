// Zooming into a picture and moving about in it. Everything else reads positions off the layers' box on the screen, so
// coordinates stay right whatever is done here.

const LARGEST = 8;

export class Viewport {
  /** @param {HTMLElement} layers the element that is moved and scaled; its unscaled box is the fitted photo */
  constructor(layers, changed = () => {}) {
    // The shift counts in sizes of the fitted photo, so that it stays right when the window changes.
    Object.assign(this, { layers, changed, scale: 1, x: 0, y: 0 });
    layers.style.transformOrigin = "0 0";
  }

  /** Scale by a factor so that the point under the pointer stays where it is, or moves along with two fingers. */
  zoom(factor, clientX, clientY, dx = 0, dy = 0) {
    const box = this.layers.getBoundingClientRect();
    const scale = Math.min(Math.max(this.scale * factor, 1), LARGEST);
    const shrunk = this.scale - scale;
    this.x += ((clientX - box.left) / box.width) * shrunk + dx / this.layers.offsetWidth;
    this.y += ((clientY - box.top) / box.height) * shrunk + dy / this.layers.offsetHeight;
    this.scale = scale;
    this.#show();
  }

  /** Zoom around the middle of what is shown, for keys and buttons. */
  zoomCentre(factor) {
    const box = this.layers.parentElement.getBoundingClientRect();
    this.zoom(factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  pan(dx, dy) {
    this.x += dx / this.layers.offsetWidth;
    this.y += dy / this.layers.offsetHeight;
    this.#show();
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.#show();
  }

  /** Show a part, given in sizes of the photo, in the middle, as large as it goes and with a little room around it. */
  fitTo(left, top, right, bottom) {
    const { offsetWidth, offsetHeight, parentElement } = this.layers;
    const across = parentElement.clientWidth / offsetWidth / (right - left);
    const down = parentElement.clientHeight / offsetHeight / (bottom - top);
    this.scale = Math.min(Math.max(0.92 * Math.min(across, down), 1), LARGEST);
    this.x = 0.5 - (this.scale * (left + right)) / 2;
    this.y = 0.5 - (this.scale * (top + bottom)) / 2;
    this.#draw();
  }

  /** Move a point, given in sizes of the photo, into what is shown. */
  reveal(x, y, margin = 24) {
    const box = this.layers.getBoundingClientRect(), shown = this.layers.parentElement.getBoundingClientRect();
    const short = (at, from, to) => Math.max(from + margin - at, 0) + Math.min(to - margin - at, 0);
    const dx = short(box.left + x * box.width, shown.left, shown.right);
    const dy = short(box.top + y * box.height, shown.top, shown.bottom);
    if (dx || dy) this.pan(dx, dy);
  }

  /** The photo always covers the box it fits into: it cannot be lost. */
  #show() {
    this.x = Math.min(0, Math.max(this.x, 1 - this.scale));
    this.y = Math.min(0, Math.max(this.y, 1 - this.scale));
    this.#draw();
  }

  #draw() {
    this.layers.style.transform =
      this.scale === 1 ? "" : `translate(${100 * this.x}%, ${100 * this.y}%) scale(${this.scale})`;
    this.changed();
  }
}
