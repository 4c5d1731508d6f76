// Gestures wait here until the server has applied them, one at a time and in order. Each carries a number unique to its
// tab, and the server ignores a number it has applied already: so a gesture whose answer was lost can be sent again.

/** @import { Gesture } from "./selection.js" */

/** @typedef {"done" | "refused" | "unreachable" | "signed out"} Outcome */

const FIRST_RETRY_MS = 3000, LAST_RETRY_MS = 30_000;

export class GestureQueue {
  /** @type {Gesture[]} */
  waiting = [];
  /** Whether the last attempt to send did not reach the server. */
  lost = false;
  /** Whether the person has to sign in before anything is taken from them. */
  held = false;
  #sending = false;
  #pause = FIRST_RETRY_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #tab = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  #number = 0;

  /**
   * @param {(gesture: Gesture) => Promise<Outcome>} send
   * @param {() => void} changed called whenever the queue or the connection changes
   */
  constructor(send, changed) {
    this.send = send;
    this.changed = changed;
  }

  /**
   * @param {Gesture} gesture
   * @returns {number} the number that it carries
   */
  push(gesture) {
    const number = ++this.#number;
    this.waiting.push({ ...gesture, tab: this.#tab, number });
    this.changed();
    this.#drain();
    return number;
  }

  /**
   * Take gestures up again that an earlier page of this tab could not send: under their numbers of then.
   *
   * @param {Gesture[]} gestures
   */
  resume(gestures) {
    this.waiting.splice(this.#sending ? 1 : 0, 0, ...gestures);
    this.changed();
    this.#drain();
  }

  /** Try again at once. */
  retry() {
    this.#pause = FIRST_RETRY_MS;
    this.#drain();
  }

  /** Resolves when everything queued so far has been answered. */
  async idle() {
    while (this.waiting.length) await new Promise((resolve) => { setTimeout(resolve, 10); });
  }

  async #drain() {
    if (this.#sending) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    while (this.waiting.length) {
      const outcome = await this.send(this.waiting[0]);
      this.lost = outcome === "unreachable";
      this.held = outcome === "signed out";
      if (this.lost || this.held) break;
      this.#pause = FIRST_RETRY_MS;
      this.waiting.shift();
      this.changed();
    }
    this.#sending = false;
    if (!this.lost && !this.held) return;
    this.changed();
    if (this.held) return;
    this.#timer = setTimeout(() => this.#drain(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LAST_RETRY_MS);
  }
}
