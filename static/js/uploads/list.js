// Several photos under way: a panel with a row for each, of which few are sent at once.

import { find } from "../ui/find.js";
import { announce } from "../ui/messages.js";
import { addressOfPage } from "../ui/tab_history.js";
import { Row } from "./row.js";

/**
 * @import { State } from "./row.js"
 * @import { Sends } from "./sender.js"
 */

const AT_ONCE = 2;

export class UploadList {
  /** @type {Row[]} */
  #rows = [];
  #wasBusy = false;
  #panel;
  #sender;
  #heading;
  #list;
  #actions;
  #cancelAll;
  #close;

  /**
   * @param {HTMLElement} panel
   * @param {Sends} sender
   * @param {() => void} closed called when the panel has been closed
   */
  constructor(panel, sender, closed) {
    this.#panel = panel;
    this.#sender = sender;
    this.#heading = find(panel, "h2", HTMLElement);
    this.#list = find(panel, "ul", HTMLElement);
    this.#actions = find(panel, ".actions", HTMLElement);
    this.#cancelAll = find(panel, "[data-cancel-all]", HTMLElement);
    this.#close = find(panel, "[data-close-uploads]", HTMLElement);
    this.#cancelAll.addEventListener("click", () => {
      // Those that wait first: else the next would start as soon as one is cancelled.
      for (const row of [...this.#inState("waiting"), ...this.#inState("sending")]) row.cancel();
      setTimeout(() => this.#heading.focus());
    });
    this.#close.addEventListener("click", () => {
      panel.hidden = true;
      this.#rows.length = 0;
      this.#list.replaceChildren();
      closed();
    });
  }

  get isBusy() {
    return this.#inState("waiting", "sending").length > 0;
  }

  /** @param {Iterable<File>} files */
  add(files) {
    const template = find(this.#panel, "template", HTMLTemplateElement);
    for (const file of files) {
      const row = new Row({ template, sender: this.#sender, changed: () => this.#goOn() }, file);
      this.#rows.push(row);
      this.#list.append(row.element);
    }
    this.#panel.hidden = false;
    announce(`Uploading ${photos(this.#inState("waiting", "sending").length)}`, "silent");
    this.#goOn();
  }

  /** @param {State[]} states */
  #inState(...states) {
    return this.#rows.filter((row) => states.includes(row.state));
  }

  /** Start what may start, and say so once when all is done. */
  #goOn() {
    for (const row of this.#inState("waiting")) {
      if (this.#inState("sending").length >= (this.#sender.isKnown ? AT_ONCE : 1)) break;
      row.start();
    }
    const open = this.#inState("waiting", "sending").length;
    const done = this.#inState("done").length;
    const failed = this.#inState("failed").length;
    this.#cancelAll.hidden = !open;
    this.#close.hidden = open > 0;
    this.#actions.hidden = open > 0 || !done;
    this.#heading.textContent = open
      ? `${done} of ${photos(done + open)} added`
      : `${photos(done)} added${failed ? `, ${failed} not` : ""}`;
    const isTold = this.#inState("failed").some((row) => row.isTold);
    if (this.#wasBusy && !open && !isTold) settled(done, failed);
    this.#wasBusy = open > 0;
  }
}

/**
 * Say what came of it, and show the new photos where the page lists them.
 *
 * @param {number} done
 * @param {number} failed
 */
function settled(done, failed) {
  const sentence = failed ? `${photos(done)} added, ${failed} could not be.` : `${photos(done)} added.`;
  announce(sentence, "silent");
  if (document.getElementById("photo_grid")) {
    htmx.ajax("GET", addressOfPage(), { target: "#photo_grid", swap: "outerHTML" });
  }
}

/** @param {number} count */
function photos(count) {
  return count === 1 ? "1 photo" : `${count} photos`;
}
