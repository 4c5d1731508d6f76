// A range input that moves logarithmically. Its value stays the plain number that scripts, forms and screen readers
// expect; only where the thumb stands, and what the arrow keys and a drag mean, changes. HTML has no such scale.

/** About `count` whole numbers from `low` to `high`, each the same factor above the one before. */
export function logStops(low, high, count = 24) {
  const stops = new Set();
  for (let i = 0; i < count; i++) stops.add(Math.round(low * (high / low) ** (i / (count - 1))));
  return [...stops];
}

export class LogRange {
  constructor(input) {
    this.input = input;
    this.low = Number(input.min);
    this.high = Number(input.max);
    this.stops = logStops(this.low, this.high);
    this.track = document.createElement("span");
    this.track.className = "log-range";
    input.replaceWith(this.track);
    this.thumb = document.createElement("span");
    this.thumb.className = "log-range-thumb";
    this.track.append(input, this.thumb);
    input.addEventListener("input", () => this.show());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("pointerdown", (event) => this.#press(event));
    this.show();
  }

  show() {
    const share = this.high > this.low ? Math.log(this.input.value / this.low) / Math.log(this.high / this.low) : 1;
    this.track.style.setProperty("--share", share);
    this.input.setAttribute("aria-valuetext", `${this.input.value} regions`);
  }

  /** One stop finer (+1) or coarser (-1). */
  step(by) {
    const value = Number(this.input.value);
    const next = by > 0 ? this.stops.find((stop) => stop > value) : this.stops.findLast((stop) => stop < value);
    if (next !== undefined) this.#set(next);
  }

  #set(value) {
    if (Number(this.input.value) === value) return;
    this.input.value = value;
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -1 }[event.key];
    const end = { Home: this.low, End: this.high }[event.key];
    if (by === undefined && end === undefined) return;
    event.preventDefault();
    if (by !== undefined) this.step(by);
    else this.#set(end);
  }

  #press(event) {
    event.preventDefault();
    this.input.focus();
    const drag = (moved) => {
      const box = this.track.getBoundingClientRect();
      const share = Math.min(Math.max((moved.clientX - box.left) / box.width, 0), 1);
      const wanted = this.low * (this.high / this.low) ** share;
      this.#set(this.stops.reduce((a, b) => (Math.abs(Math.log(b / wanted)) < Math.abs(Math.log(a / wanted)) ? b : a)));
    };
    const stop = new AbortController();
    this.input.setPointerCapture(event.pointerId);
    this.input.addEventListener("pointermove", drag, { signal: stop.signal });
    for (const end of ["pointerup", "pointercancel"]) {
      this.input.addEventListener(end, () => stop.abort(), { signal: stop.signal });
    }
    drag(event);
  }
}
