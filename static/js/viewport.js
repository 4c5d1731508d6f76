// Zooming into the stage and moving about in it. Everything else reads positions off the layers' box on the screen, so
// coordinates stay right whatever is done here.

const LARGEST = 8;

export class Viewport {
  /** @param {HTMLElement} layers the element that is moved and scaled; its unscaled box is the fitted photo */
  constructor(layers, changed = () => {}) {
    Object.assign(this, { layers, changed, scale: 1, x: 0, y: 0 });
    layers.style.transformOrigin = "0 0";
  }

  /** Scale by a factor so that the point under the pointer stays where it is. */
  zoom(factor, clientX, clientY) {
    const box = this.layers.getBoundingClientRect();
    const scale = Math.min(Math.max(this.scale * factor, 1), LARGEST);
    const real = scale / this.scale;
    this.x += (clientX - box.left) * (1 - real);
    this.y += (clientY - box.top) * (1 - real);
    this.scale = scale;
    this.#show();
  }

  /** Zoom around the middle of what is shown, for keys and buttons. */
  zoomCentre(factor) {
    const box = this.layers.parentElement.getBoundingClientRect();
    this.zoom(factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#show();
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.#show();
  }

  /** The photo always covers the box it fits into: it cannot be lost. */
  #show() {
    const { offsetWidth, offsetHeight } = this.layers;
    this.x = Math.min(0, Math.max(this.x, offsetWidth * (1 - this.scale)));
    this.y = Math.min(0, Math.max(this.y, offsetHeight * (1 - this.scale)));
    this.layers.style.transform = this.scale === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.changed();
  }
}
