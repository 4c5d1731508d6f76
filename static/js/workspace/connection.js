// Gestures on their way to the server, one after the other, and what is said while there is no connection.

import { GestureQueue } from "../lib/gesture_queue.js";
import { announce, announceAnswer } from "../ui/messages.js";
import { ask, isOfAccount, pageOf, tokenIsThere } from "../ui/whose_page.js";

/**
 * @import { Outcome } from "../lib/gesture_queue.js"
 * @import { Gesture } from "../lib/selection.js"
 * @import { KeptGestures } from "./kept_gestures.js"
 * @import { Tints } from "./tints.js"
 */

export class Connection {
  #form;
  #channel;
  #tryAgain;
  #stage;
  #tints;
  #kept;
  #queue;
  /** How many changes wait, as last announced: what is tried again and again is told once. */
  #told = 0;

  /**
   * @param {object} page
   * @param {HTMLFormElement} page.form whose address takes the gestures
   * @param {HTMLElement} page.channel the element that htmx sends from, one request at a time
   * @param {HTMLElement} page.tryAgain a button
   * @param {HTMLElement} page.stage takes the focus when that button goes
   * @param {Tints} page.tints
   * @param {KeptGestures} page.kept where gestures wait while the person signs in
   */
  constructor({ form, channel, tryAgain, stage, tints, kept }) {
    this.#form = form;
    this.#channel = channel;
    this.#tryAgain = tryAgain;
    this.#stage = stage;
    this.#tints = tints;
    this.#kept = kept;
    this.#queue = new GestureQueue((gesture) => this.#send(gesture), () => this.#changed());
    tryAgain.addEventListener("click", () => {
      this.#told = 0;
      this.#queue.retry();
    });
    addEventListener("online", () => this.#queue.retry());
    // Back from another tab, in which the person may have signed in.
    const lookAgain = () => { if (this.#queue.held && !document.hidden) this.#queue.retry(); };
    addEventListener("focus", lookAgain);
    document.addEventListener("visibilitychange", lookAgain);
    addEventListener("beforeunload", (event) => { if (this.isBusy && !this.#kept.isWritten) event.preventDefault(); });
    // There is a better sentence here for these than the ones all pages share.
    channel.addEventListener("htmx:sendError", (event) => event.stopPropagation());
    channel.addEventListener("htmx:timeout", (event) => event.stopPropagation());
  }

  /** Whether gestures wait for their answers. */
  get isBusy() {
    return this.#queue.waiting.length > 0;
  }

  /**
   * @param {Gesture} gesture
   * @returns {number} its number in this tab
   */
  push(gesture) {
    return this.#queue.push(gesture);
  }

  /**
   * Wait until every gesture has arrived. Without a connection that is told again, for something was asked for that
   * cannot be had.
   *
   * @returns {Promise<boolean>} whether they have arrived
   */
  async arrived() {
    if (this.#queue.lost) {
      this.#told = 0;
      this.#tell();
      return false;
    }
    if (this.#queue.held) {
      this.#queue.retry();
      return false;
    }
    await this.#queue.idle();
    return true;
  }

  /** Send what an earlier page of this tab could not, if the person it is from has come back. */
  async resume() {
    const kept = this.#kept.earlier;
    if (!kept) return;
    const answer = await ask(kept.pageOf);
    if (answer.status === 204) {
      this.#kept.clear();
      this.#queue.resume(kept.gestures);
    } else if (isOfAccount()) {
      this.#kept.clear();
    } else {
      announceAnswer(await answer.text());
    }
  }

  #changed() {
    if (this.#queue.held) this.#kept.write({ pageOf: pageOf(), gestures: this.#queue.waiting });
    else this.#kept.clear();
    this.#tints.anticipate(this.#queue.waiting);
    this.#tell();
  }

  #tell() {
    const count = this.#queue.lost ? this.#queue.waiting.length : 0;
    if (count && count !== this.#told) {
      const changes = count === 1 ? "One change waits" : `${count} changes wait`;
      announce(`Connection lost. ${changes} to be sent; trying again.`, "error");
    }
    this.#told = count;
    if (!count && document.activeElement === this.#tryAgain) this.#stage.focus();
    this.#tryAgain.hidden = !count;
  }

  /**
   * @param {Gesture} gesture
   * @returns {Promise<Outcome>}
   */
  async #send(gesture) {
    const draws = this.#tints.canDraw;
    const status = await this.#post(gesture, draws);
    if (status < 200 || status >= 500) return "unreachable";
    if (status === 401) return "signed out";
    if (!draws) this.#tints.forget();
    // While more wait, their anticipation covers the tints: they are drawn once, when the last answer is there.
    if (this.#queue.waiting.length === 1 && this.#tints.areStale) await this.#tints.show();
    return status < 300 ? "done" : "refused";
  }

  /**
   * @param {Gesture} gesture
   * @param {boolean} draws whether the answer may leave out the pictures
   * @returns {Promise<number>} the status of the answer, 0 without one
   */
  async #post({ points = [], ...gesture }, draws) {
    await tokenIsThere();
    const channel = this.#channel;
    let status = 0;
    const note = (/** @type {HTMLElementEventMap["htmx:afterRequest"]} */ event) => {
      status = event.detail.xhr.status;
    };
    channel.addEventListener("htmx:afterRequest", note);
    const values = {
      ...gesture,
      label_map: this.#form.dataset.labelMap,
      points: points.map(written).join(" "),
      ...(draws ? { draws: "on" } : {}),
    };
    try {
      await htmx.ajax("POST", this.#form.action, { source: channel, values, swap: "none" });
    } catch {
      // The status tells.
    } finally {
      channel.removeEventListener("htmx:afterRequest", note);
    }
    return status;
  }
}

/** @param {Point} point */
function written([x, y]) {
  return `${x.toFixed(2)},${y.toFixed(2)}`;
}
