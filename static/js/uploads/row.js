// One of several photos under way: a row that shows how far it is, and what came of it.

import { find } from "../ui/find.js";

/**
 * @import { Sends, Upload } from "./sender.js"
 */

/** @typedef {"waiting" | "sending" | "done" | "failed" | "cancelled"} State */

export class Row {
  /** @type {State} */
  state = "waiting";
  /** Whether the status line says what went wrong. */
  isTold = false;
  #file;
  #sender;
  #changed;
  #bar;
  #cancelButton;
  #retryButton;
  /** @type {Upload | null} */
  #upload = null;

  /**
   * @param {object} page
   * @param {HTMLTemplateElement} page.template of a row
   * @param {Sends} page.sender
   * @param {() => void} page.changed called when another row may start
   * @param {File} file
   */
  constructor({ template, sender, changed }, file) {
    this.#file = file;
    this.#sender = sender;
    this.#changed = changed;
    this.element = find(document.importNode(template.content, true), "*", HTMLElement);
    this.#bar = find(this.element, "progress", HTMLProgressElement);
    this.#bar.ariaLabel = `Upload of ${file.name}`;
    find(this.element, ".name", HTMLElement).textContent = file.name;
    this.#cancelButton = find(this.element, "[data-cancel]", HTMLElement);
    this.#cancelButton.ariaLabel = `Cancel ${file.name}`;
    this.#cancelButton.addEventListener("click", () => this.cancel());
    this.#retryButton = find(this.element, "[data-retry]", HTMLElement);
    this.#retryButton.ariaLabel = `Try again: ${file.name}`;
    this.#retryButton.addEventListener("click", () => this.#retry());
    this.#become("waiting", "Waiting");
  }

  async start() {
    this.#become("sending", "Uploading");
    this.#bar.value = 0;
    this.#upload = this.#sender.send(this.#file, { stay: true, progress: (share) => this.#progress(share) });
    const { html, problem = "", aborted, isTold = false, isFinal = false } = await this.#upload.answer;
    this.isTold = isTold;
    if (html) this.#finish(html);
    else if (aborted) this.#become("cancelled", "Cancelled");
    else this.#become("failed", problem);
    if (isFinal) this.#retryButton.hidden = true;
    this.#changed();
  }

  cancel() {
    if (this.state === "sending") this.#upload?.abort();
    else this.#become("cancelled", "Cancelled");
    this.#changed();
    // The button that had the focus is gone.
    setTimeout(() => this.#retryButton.focus());
  }

  #retry() {
    this.#become("waiting", "Waiting");
    this.#changed();
    this.#cancelButton.focus();
  }

  /** @param {number} share */
  #progress(share) {
    this.#bar.value = share;
    if (share < 1) return;
    this.#bar.removeAttribute("value");
    this.#say(this.#sender.stage);
  }

  /**
   * @param {State} state
   * @param {string} sentence
   */
  #become(state, sentence) {
    this.#set(state);
    this.#say(sentence);
    const isOpen = state === "waiting" || state === "sending";
    this.#bar.hidden = !isOpen;
    this.#cancelButton.hidden = !isOpen;
    this.#retryButton.hidden = isOpen;
  }

  /**
   * Show the photo's entry in place of the row.
   *
   * @param {string} html
   */
  #finish(html) {
    this.#set("done");
    const link = find(new DOMParser().parseFromString(html, "text/html").body, "*", HTMLElement);
    link.removeAttribute("id");
    this.element.replaceChildren(link);
  }

  /** @param {State} state */
  #set(state) {
    this.state = state;
    this.element.dataset.state = state;
  }

  /** @param {string} sentence */
  #say(sentence) {
    find(this.element, ".what", HTMLElement).textContent = sentence;
  }
}
