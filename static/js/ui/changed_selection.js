// Hits that answer an older selection than the one on the screen say so, and are asked for anew: when the person says it,
// or by themselves.

import { findAll } from "./find.js";
import { keep, kept } from "./kept.js";

const BY_ITSELF = "search-by-itself";
const CALM = 600;
const PRESSABLE = "a, button, input, select, textarea, summary, [role=separator]";

export class ChangedSelection {
  /** The selection that the hits answer, as the server packs it. */
  #answered = "";
  #timer = 0;
  /** Whether the answer that is on its way was asked for without the person. */
  isByItself = false;

  constructor() {
    document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
      if (detail.target?.id === "state") this.#look();
    });
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("[data-update]")) this.#ask();
    });
    document.addEventListener("change", ({ target }) => {
      if (!(target instanceof HTMLInputElement && target.matches("[data-by-itself]"))) return;
      keep(BY_ITSELF, target.checked ? "yes" : "");
      this.#look();
    });
    // Before the stage, which takes Enter for itself; who walks on it by keys keeps it.
    document.addEventListener("keydown", (event) => this.#keyDown(event), true);
  }

  /** An answer is in the drawer. */
  arrived() {
    this.#answered = this.#now;
    for (const box of findAll(document, "[data-by-itself]", HTMLInputElement)) box.checked = this.#isWanted;
    this.#look();
  }

  get #isWanted() {
    return kept(BY_ITSELF) === "yes";
  }

  get #now() {
    return document.getElementById("state")?.getAttribute("value") ?? "";
  }

  get #isChanged() {
    return this.#now !== this.#answered && document.getElementById("drawer")?.dataset.search !== undefined;
  }

  #look() {
    const note = document.getElementById("changed");
    if (!note) return;
    note.hidden = !this.#isChanged;
    clearTimeout(this.#timer);
    const hasSelected = document.querySelector("#tints.dimmed") !== null;
    if (!this.#isChanged || !this.#isWanted || !hasSelected) return;
    this.#timer = setTimeout(() => {
      this.isByItself = true;
      this.#ask();
    }, CALM);
  }

  #ask() {
    document.getElementById("search")?.click();
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    const { target, key } = event;
    if (key !== "Enter" || event.repeat || !this.#isChanged || document.querySelector("dialog[open]")) return;
    if (!(target instanceof Element) || target.matches(PRESSABLE) || target.matches("#stage:focus-visible")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#ask();
  }
}
