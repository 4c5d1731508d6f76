// What another tab of the same person has changed: asked for when this one comes to the front.

import { announce, announceAnswer } from "../ui/messages.js";
import { noteOwner, ownHeaders } from "../ui/whose_page.js";

/**
 * @import { Connection } from "./connection.js"
 * @import { ServerState } from "./server_state.js"
 * @import { Tints } from "./tints.js"
 */

export class OtherTabs {
  #form;
  #channel;
  #serverState;
  #connection;
  #tints;
  /** @type {AbortController | null} */
  #looking = null;

  /**
   * @param {object} page
   * @param {HTMLFormElement} page.form
   * @param {HTMLElement} page.channel the element that answers are swapped in from
   * @param {ServerState} page.serverState
   * @param {Connection} page.connection
   * @param {Tints} page.tints
   */
  constructor({ form, channel, serverState, connection, tints }) {
    this.#form = form;
    this.#channel = channel;
    this.#serverState = serverState;
    this.#connection = connection;
    this.#tints = tints;
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("focus", () => this.look());
    addEventListener("pageshow", (event) => { if (event.persisted) this.look(); });
  }

  /** A gesture of this tab comes in between: its answer will be newer. */
  giveUp() {
    this.#looking?.abort();
  }

  /** Ask whether the selection has changed. */
  async look() {
    if (this.#looking || document.hidden || this.#connection.isBusy) return;
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    try {
      const headers = { "HX-Request": "true", "HX-Current-URL": location.href, ...ownHeaders() };
      const answer = await fetch(this.#address(), { headers, signal });
      const text = await answer.text();
      noteOwner(answer.headers);
      if (!signal.aborted && answer.status === 200) {
        htmx.swap(this.#channel, text, { swapStyle: "none" });
        await this.#tints.show();
      } else if (answer.status === 401) {
        announceAnswer(text);
      } else if (answer.status >= 400 && answer.status < 500) {
        announce("This photo has changed in another window. Reload the page to go on.", "error");
      }
    } catch {
      // No connection, or a gesture came in between: its answer tells.
    } finally {
      this.#looking = null;
    }
  }

  #address() {
    const { labelMap = "", stateUrl = "" } = this.#form.dataset;
    const { version } = this.#serverState;
    const draws = this.#tints.canDraw ? "on" : "";
    return `${stateUrl}?${new URLSearchParams({ label_map: labelMap, version, draws })}`;
  }
}
