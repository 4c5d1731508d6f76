// The history of this tab. A browser that is sent back arrives there only later: what was written meanwhile would be
// written into the entry that it leaves.

/** The address of the page, also while the pop-up has another: that says which one lies behind it. */
export function addressOfPage() {
  return history.state?.page ?? location.href;
}

export class TabHistory {
  #isOnItsWay = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** To be made before whoever reads the history on `popstate`: what has waited is written first. */
  constructor() {
    addEventListener("popstate", () => this.#arrived());
    // Nothing of what waited belongs to a page that was left and that the browser has kept.
    addEventListener("pageshow", ({ persisted }) => { if (persisted) this.#forget(); });
  }

  back() {
    this.#isOnItsWay = true;
    history.back();
  }

  /**
   * Read and write the history: at once, or when the browser has arrived.
   *
   * @param {() => void} write
   */
  write(write) {
    this.#waiting.push(write);
    this.#writeAll();
  }

  #writeAll() {
    while (!this.#isOnItsWay) {
      const write = this.#waiting.shift();
      if (!write) return;
      write();
    }
  }

  #arrived() {
    this.#isOnItsWay = false;
    this.#writeAll();
  }

  #forget() {
    this.#isOnItsWay = false;
    this.#waiting = [];
  }
}
