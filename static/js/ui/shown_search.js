// The search that the drawer shows: it is in the address of the workspace, so that Back, a reload and other pages lead
// to the same hits, where they were scrolled to.

import { findAll } from "./find.js";
import { addressOfPage } from "./tab_history.js";

/**
 * @import { Drawer } from "./drawer.js"
 * @import { Popup } from "./popup.js"
 * @import { TabHistory } from "./tab_history.js"
 */

const IDENTIFIER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @param {string} search */
const placeOf = (search) => `hits-${search}`;

export class ShownSearch {
  #drawer;
  #popup;
  #history;
  #isWorkspace = document.getElementById("workspace") !== null;
  /** Whether the answer that is on its way was asked for by the address alone: whoever opens a page works elsewhere. */
  isByAddress = false;
  /** Where the hits are to be scrolled to when they are there. */
  #height = 0;

  /**
   * @param {Drawer} drawer
   * @param {Popup} popup
   * @param {TabHistory} tabHistory
   */
  constructor(drawer, popup, tabHistory) {
    this.#drawer = drawer;
    this.#popup = popup;
    this.#history = tabHistory;
    if (!this.#isWorkspace) return;
    addEventListener("popstate", () => this.#sync());
    addEventListener("pagehide", () => this.#keepPlace());
    document.addEventListener("htmx:beforeRequest", ({ detail }) => {
      if (detail.target?.id === "drawer") this.#keepPlace();
    });
    this.#sync();
  }

  /** The search in the drawer; nothing where words were looked for. */
  get shown() {
    return document.getElementById("drawer")?.dataset.search ?? "";
  }

  /** An answer is in the drawer. */
  arrived() {
    this.#note();
    if (this.#height) this.#drawer.element.scrollTop = this.#height;
    this.#height = 0;
  }

  #note() {
    const { shown } = this;
    const isFollowed = this.#popup.isFollowed;
    if (!this.#isWorkspace || !shown) return;
    this.#history.write(() => {
      const url = new URL(addressOfPage());
      const before = url.searchParams.get("search");
      url.searchParams.set("search", shown);
      if (isFollowed) history.replaceState({ search: shown }, "", url);
      else if (before !== shown) history.pushState({ search: shown }, "", url);
    });
  }

  /** Show the search that the address names, or none. */
  #sync() {
    if (history.state?.popup !== undefined) return;
    const wanted = new URL(location.href).searchParams.get("search") ?? "";
    if (wanted === this.shown) return;
    if (IDENTIFIER.test(wanted)) this.#fetch(wanted);
    else this.#drawer.dismiss();
  }

  /** @param {string} search */
  async #fetch(search) {
    this.isByAddress = true;
    const kept = JSON.parse(sessionStorage.getItem(placeOf(search)) ?? "{}");
    this.#height = kept.height ?? 0;
    const pages = kept.pages > 1 ? `&shown=${kept.pages}` : "";
    const { searches } = this.#drawer.element.dataset;
    await htmx.ajax("GET", `${searches}${search}/?drawer=on${pages}`, { target: "#drawer", swap: "outerHTML" });
    this.isByAddress = false;
    // It may be gone.
    if (this.shown !== search) this.#drawer.dismiss();
  }

  /** Note where the hits are scrolled to. */
  #keepPlace() {
    const { shown } = this;
    if (!shown) return;
    const { scrollTop: height } = this.#drawer.element;
    const pages = Math.max(1, ...findAll(document, "#hits input[name=shown]", HTMLInputElement).map(({ value }) => Number(value)));
    sessionStorage.setItem(placeOf(shown), JSON.stringify({ height, pages }));
  }
}
