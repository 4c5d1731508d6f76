// From pointer events on the stage to gestures: click, brush, lasso, rectangle, grow, similar; and zooming and panning with
// wheel, space bar, middle button and two fingers. HTML has an image button that knows clicks alone.

// The server takes no more points in one gesture.
const MOST_POINTS = 1500;
// A hand with a mouse or pen trembles by so many CSS pixels during a click, and a finger by so many.
const TREMBLE = 6, TREMBLE_OF_FINGER = 12;

export class Tools {
  /**
   * @param {object} page
   * @param {HTMLElement} page.stage
   * @param {import("./viewport.js").Viewport} page.viewport
   * @param {(event: PointerEvent) => [number, number]} page.pointOf a pointer in pixels of the working copy
   * @param {() => string} page.tool the tool in hand
   * @param {() => boolean} page.isOtherWay whether to act as if Alt and Shift were held
   * @param {(tool: string, more: object) => void} page.perform
   * @param {(draft: {tool: string, points: number[][], remove: boolean} | null) => void} page.sketch show what is being drawn
   */
  constructor(page, { width, height }) {
    Object.assign(this, page, { width, height });
    this.draft = null;
    this.touches = new Map();
    this.panning = null;
    this.spaceDown = false;
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#cancel(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    // In the capture phase, before the page closes its drawer on Escape.
    addEventListener("keydown", (event) => this.#key(event), true);
    addEventListener("keyup", (event) => this.#space(event, false));
    addEventListener("blur", () => { this.spaceDown = false; });
  }

  #down(event) {
    if (event.pointerType === "touch") this.touches.set(event.pointerId, event);
    if (this.touches.size === 2) return this.#beginPinch();
    if (this.pinch) return undefined;
    if (event.button === 1 || (event.button === 0 && this.spaceDown)) {
      event.preventDefault();
      this.panning = event;
      this.stage.setPointerCapture(event.pointerId);
      return undefined;
    }
    const point = this.pointOf(event);
    if (event.button !== 0 || this.draft || !this.#isInside(point)) return undefined;
    this.stage.setPointerCapture(event.pointerId);
    this.draft = {
      tool: this.tool(), points: [this.#clamped(point)], remove: event.altKey || this.isOtherWay(), down: event.shiftKey || this.isOtherWay(),
      pointer: event.pointerId, start: [event.clientX, event.clientY],
    };
    this.#sketch();
    return undefined;
  }

  #move(event) {
    if (this.touches.has(event.pointerId) && this.pinch) return this.#pinch(event);
    if (this.panning?.pointerId === event.pointerId) {
      this.viewport.pan(event.clientX - this.panning.clientX, event.clientY - this.panning.clientY);
      this.panning = event;
      return undefined;
    }
    if (this.draft?.pointer !== event.pointerId) return undefined;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) this.draft.points.push(this.#clamped(this.pointOf(part)));
    this.#sketch();
    return undefined;
  }

  #up(event) {
    this.touches.delete(event.pointerId);
    if (this.pinch) {
      if (!this.touches.size) this.pinch = null;
      return;
    }
    if (this.panning?.pointerId === event.pointerId) {
      this.panning = null;
      return;
    }
    const { draft } = this;
    if (draft?.pointer !== event.pointerId) return;
    this.#drop();
    this.#finish(draft, event);
  }

  /** Let go of what is being drawn. */
  #drop() {
    this.draft = null;
    this.sketch(null);
  }

  #cancel(event) {
    this.touches.delete(event.pointerId);
    this.panning = null;
    if (!this.touches.size) this.pinch = null;
    this.#drop();
  }

  #finish({ tool, points, remove, down, start }, event) {
    const tremble = event.pointerType === "touch" ? TREMBLE_OF_FINGER : TREMBLE;
    const still = Math.hypot(event.clientX - start[0], event.clientY - start[1]) <= tremble;
    if (tool === "toggle") {
      if (still) this.perform(tool, { points: [points[0]] });
    } else if (tool === "similar") {
      if (still) this.perform(tool, { points: [points[0]], everywhere: down ? "on" : "" });
    } else if (tool === "grow") {
      if (still) this.perform(down ? "shrink" : "grow", { points: [points[0]] });
    } else if (tool === "paint") {
      this.perform("paint", { points: thinned(points), remove });
    } else if (!still) {
      this.perform("cover", { points: tool === "lasso" ? thinned(points) : corners(points), remove });
    }
  }

  #sketch() {
    const { tool, points, remove } = this.draft;
    if (tool === "paint" || tool === "lasso") this.sketch({ tool, points, remove });
    if (tool === "rectangle") this.sketch({ tool, points: corners(points), remove });
  }

  #wheel(event) {
    event.preventDefault();
    // A trackpad's pinch arrives as a wheel with Ctrl, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.viewport.zoom(Math.exp(-event.deltaY * lines * speed), event.clientX, event.clientY);
  }

  #beginPinch() {
    // The first finger has begun a gesture of its own, which it turns out not to mean.
    this.#drop();
    this.pinch = spread([...this.touches.values()]);
  }

  #pinch(event) {
    this.touches.set(event.pointerId, event);
    if (this.touches.size !== 2) return;
    const now = spread([...this.touches.values()]);
    const { x, y, size } = this.pinch;
    this.viewport.zoom(now.size / size, x, y, now.x - x, now.y - y);
    this.pinch = now;
  }

  #key(event) {
    if (event.key === "Escape" && this.draft) {
      event.preventDefault();
      this.#drop();
    }
    // Alt alone would open the browser's menu on some systems.
    if (event.key === "Alt" && this.draft) event.preventDefault();
    this.#space(event, true);
  }

  #space(event, isDown) {
    if (event.key !== " " || (isDown && !this.#isSpaceFree(event.target))) return;
    if (isDown || this.spaceDown) event.preventDefault();
    this.spaceDown = isDown;
    this.stage.classList.toggle("grab", isDown);
  }

  /** Whether the space bar is ours. A control that the keyboard is on needs it; one that was only clicked does not. */
  #isSpaceFree(target) {
    const control = target.closest?.("button, input, select, textarea, summary, dialog, a");
    if (!control) return true;
    return !control.matches(":focus-visible, dialog, dialog *") && this.stage.matches(":hover");
  }

  #isInside([x, y]) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /** To the edge of the photo: a hand that slips over it means the edge. */
  #clamped([x, y]) {
    return [Math.min(Math.max(x, 0), this.width - 0.01), Math.min(Math.max(y, 0), this.height - 0.01)];
  }
}

function spread([a, b]) {
  return {
    x: (a.clientX + b.clientX) / 2,
    y: (a.clientY + b.clientY) / 2,
    size: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
  };
}

/** The rectangle between the first and the last point. */
function corners(points) {
  const [[x0, y0], [x1, y1]] = [points[0], points[points.length - 1]];
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** Points at least half a pixel apart, and not too many. */
function thinned(points) {
  const kept = points.filter(([x, y], i) => {
    if (i === 0 || i === points.length - 1) return true;
    const [px, py] = points[i - 1];
    return Math.hypot(x - px, y - py) >= 0.5;
  });
  const stride = Math.ceil(kept.length / MOST_POINTS);
  return kept.filter((_, i) => i % stride === 0 || i === kept.length - 1);
}
