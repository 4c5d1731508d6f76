// The pop-up of an image: it has an address of its own while it is open, Back closes it, and the arrow keys lead through
// the pictures behind it.

import { byId, findAll } from "./find.js";

/** @import { TabHistory } from "./tab_history.js" */

const FURTHEST_ASKEW = 60;

/** The links whose pages open in the pop-up, in the order of the page: those that are shown. */
function links() {
  const shown = "article.hit > a, .card > a[hx-target='#details']";
  return findAll(document, shown, HTMLAnchorElement).filter((link) => link.checkVisibility());
}

/** @param {string} address */
function withoutOrigin(address) {
  const url = new URL(address, location.href);
  return url.pathname + url.search;
}

export class Popup {
  element = byId("details", HTMLDialogElement);
  #history;
  /** The address of the image shown, as its link has it; nothing for what is no image. */
  #address = "";
  /** The request whose answer it waits for, and whether it was open then: it may be closed before that comes. */
  #asked = { path: "", wasOpen: false };
  /** Whether what comes next stands in the place of the pop-up's address. */
  #isFollowed = false;
  /** @type {XMLHttpRequest | null} what it was asked for last, by whatever link or button */
  #last = null;

  /** @param {TabHistory} tabHistory */
  constructor(tabHistory) {
    this.#history = tabHistory;
    this.element.addEventListener("close", () => this.#closed());
    addEventListener("popstate", () => this.#sync());
    // A page that the browser kept shows what was open when it was left.
    addEventListener("pageshow", ({ persisted }) => { if (persisted) this.#sync(); });
    document.addEventListener("htmx:beforeRequest", ({ detail }) => {
      if (detail.target === this.element) this.#last = detail.xhr;
    });
    document.addEventListener("htmx:beforeOnLoad", (event) => this.#answered(event));
    this.element.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#keyDown(event));
    this.#startSwiping();
  }

  /**
   * The answer to a request has arrived in the pop-up.
   *
   * @param {Element | undefined} asker the element that asked for it
   */
  arrived(asker) {
    if (!this.element.childElementCount) return;
    if (!this.element.open) this.element.showModal();
    this.element.scrollTop = 0;
    if (asker instanceof HTMLAnchorElement && this.element.querySelector("article.details")) {
      this.#note(withoutOrigin(asker.href));
    }
    this.#showNeighbours();
  }

  /** Close it for something that has its own address: that takes the place of the pop-up's. */
  closeFor() {
    this.#isFollowed = this.#address !== "";
    this.element.close();
  }

  /**
   * Whether the address that is noted next replaces the pop-up's. Told once.
   */
  get isFollowed() {
    const told = this.#isFollowed;
    this.#isFollowed = false;
    return told;
  }

  /** @param {string} address */
  #note(address) {
    this.#address = address;
    this.#history.write(() => {
      const { state } = history;
      if (state?.popup === address) return;
      if (state?.popup === undefined) history.pushState({ popup: address, page: location.href }, "", address);
      else history.replaceState({ ...state, popup: address }, "", address);
    });
  }

  #closed() {
    // It is told a moment later, and may be open again.
    if (this.element.open) return;
    this.#forget();
    if (this.#isFollowed) return;
    this.#history.write(() => { if (history.state?.popup !== undefined) this.#history.back(); });
  }

  #forget() {
    this.#address = this.#asked.path = "";
  }

  /** Show what the address says. */
  #sync() {
    const wanted = history.state?.popup;
    if (wanted === undefined && this.#address) {
      this.#forget();
      this.element.close();
    } else if (wanted !== undefined && wanted !== this.#address) this.#fetch(wanted);
  }

  /** @param {string} address */
  #fetch(address) {
    this.#address = address;
    const url = new URL(address, location.href);
    if (byId("drawer", HTMLElement).hidden === false) url.searchParams.set("drawer", "on");
    this.#ask(url.pathname + url.search);
  }

  /** @param {string} path */
  #ask(path) {
    this.#asked = { path, wasOpen: this.element.open };
    htmx.ajax("GET", path, { source: this.element, target: "#details" });
  }

  /**
   * Whether an answer to the pop-up itself comes too late: it was closed meanwhile, or shows another image.
   *
   * @param {DocumentEventMap["htmx:beforeOnLoad"]["detail"]} detail
   */
  #isTooLate({ elt, target, pathInfo, xhr }) {
    if (target === this.element && xhr !== this.#last) return true;
    const { path, wasOpen } = this.#asked, isClosed = !this.element.open;
    if (elt === this.element) return pathInfo?.requestPath !== path || (wasOpen && isClosed);
    return target === this.element && this.element.contains(elt) && isClosed;
  }

  /* Leaving for another page: that takes the place of the pop-up, so that Back leads to what was behind it. */

  /** @param {DocumentEventMap["htmx:beforeOnLoad"]} event */
  #answered(event) {
    if (this.#isTooLate(event.detail)) return event.preventDefault();
    const address = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!address || history.state?.popup === undefined) return;
    event.preventDefault();
    this.#leaveFor(address);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const plain = "a[href]:not([hx-post], [hx-get], [download])";
    const link = event.target instanceof Element ? event.target.closest(plain) : null;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (!(link instanceof HTMLAnchorElement) || !isPlain || history.state?.popup === undefined) return;
    if (link.origin !== location.origin) return;
    event.preventDefault();
    this.#leaveFor(link.href);
  }

  /** @param {string} address */
  #leaveFor(address) {
    this.#isFollowed = true;
    this.element.close();
    location.replace(address);
  }

  /* Neighbours */

  /** @param {number} step */
  #neighbour(step) {
    const all = links();
    const here = all.findIndex((link) => withoutOrigin(link.href) === this.#address);
    return here < 0 ? undefined : all[here + step];
  }

  #showNeighbours() {
    for (const button of findAll(this.element, "[data-step]", HTMLButtonElement)) {
      button.hidden = this.#neighbour(-1) === undefined && this.#neighbour(1) === undefined;
      button.disabled = this.#neighbour(Number(button.dataset.step)) === undefined;
    }
  }

  /** @param {number} step */
  go(step) {
    const link = this.#neighbour(step);
    if (!link) return;
    this.#note(withoutOrigin(link.href));
    this.#ask(link.getAttribute("hx-get") ?? withoutOrigin(link.href));
    link.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (!step || !this.element.open || !this.#address || isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.go(step);
  }

  #startSwiping() {
    /** @type {{ x: number, y: number } | null} */
    let from = null;
    this.element.addEventListener("touchstart", ({ touches, target }) => {
      const isOnPicture = target instanceof Element && target.closest(".picture") !== null;
      from = touches.length === 1 && isOnPicture ? { x: touches[0].clientX, y: touches[0].clientY } : null;
    }, { passive: true });
    this.element.addEventListener("touchend", ({ changedTouches: [touch] }) => {
      if (!from) return;
      const across = touch.clientX - from.x, down = touch.clientY - from.y;
      if (Math.abs(across) > FURTHEST_ASKEW && Math.abs(across) > 2 * Math.abs(down)) this.go(across < 0 ? 1 : -1);
    });
  }
}

/** A button in the pop-up or the drawer, and M, show the parts that matched, or the pictures alone. */
export function startMarks() {
  const root = document.documentElement;
  const toggle = () => {
    const isOff = root.dataset.marks !== "off";
    if (isOff) root.dataset.marks = "off";
    else delete root.dataset.marks;
    showMarks();
  };
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("[data-marks]:not(html)")) toggle();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typedInto = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select";
    const isTyping = event.target instanceof Element && event.target.matches(typedInto);
    if (!isTyping && document.querySelector("img.highlight")) toggle();
  });
}

/** The buttons say how it is. */
export function showMarks() {
  const isOn = String(document.documentElement.dataset.marks !== "off");
  for (const button of findAll(document, "button[data-marks]", HTMLElement)) button.ariaPressed = isOn;
}

/** The disclosure of what is only loosely alike stays open when its answer is replaced. */
export function startLooseHits() {
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const loose = document.getElementById("loose");
    if (detail.target?.id === "drawer" || !(loose instanceof HTMLDetailsElement && loose.open)) return;
    detail.serverResponse = detail.serverResponse.replace('<details id="loose"', '<details open id="loose"');
  });
}
