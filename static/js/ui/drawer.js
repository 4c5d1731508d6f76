// The drawer beside the page: opens with an answer, closes to a tab, and is as large as the person has made it.

import { byId } from "./find.js";
import { keep, kept } from "./kept.js";

const WIDTH = "drawer-width", STOP = "drawer-stop";
const NARROWEST = 300, STEP = 24;
const root = () => document.documentElement;

// The low stop has no room for filters: while they are open the sheet is at the high one, whatever was chosen.
let isRaised = false;

/** Whether the drawer is a sheet at the bottom of the window, as sheet.css says. */
export function isSheet() {
  return matchMedia("(max-width: 1099px) and (not ((max-height: 500px) and (min-aspect-ratio: 1)))").matches;
}

/** An answer may replace the element, so it is looked up anew; how it stands is told on <html>. */
export class Drawer {
  /** @type {Element | null} what had the focus when the drawer was asked for */
  #opener = null;

  get element() {
    return byId("drawer", HTMLElement);
  }

  /** Whether there are hits, shown or behind the tab. */
  get isThere() {
    return document.getElementById("drawer")?.hidden === false;
  }

  get isOpen() {
    return this.isThere && root().dataset.drawer !== "closed";
  }

  /** @param {{ focus?: boolean }} [options] */
  open({ focus = true } = {}) {
    this.element.hidden = false;
    isRaised = false;
    delete root().dataset.drawer;
    showSize();
    const heading = this.element.querySelector("h1, h2");
    if (!focus || !(heading instanceof HTMLElement)) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  /** Leave the tab alone. */
  close() {
    const isWithin = this.element.contains(document.activeElement) || document.activeElement === document.body;
    root().dataset.drawer = "closed";
    if (!isWithin) return;
    const tab = this.element.querySelector(".drawer-tab");
    const back = this.#opener?.isConnected ? this.#opener : tab;
    if (back instanceof HTMLElement) back.focus();
  }

  /** Take it away, with its hits. */
  dismiss() {
    this.element.hidden = true;
    this.element.replaceChildren();
    delete root().dataset.drawer;
  }

  /** Note where the focus goes back to. */
  noteOpener() {
    this.#opener = document.activeElement;
  }
}

/* Its size */

/** @param {number} width in pixels */
function setWidth(width) {
  const most = Math.round(innerWidth / 2);
  const chosen = Math.min(Math.max(Math.round(width), NARROWEST), most);
  keep(WIDTH, String(chosen));
  showSize();
}

/** @param {"low" | "high"} stop */
function setStop(stop) {
  keep(STOP, stop);
  isRaised = false;
  showSize();
}

/** Show it as large as it was left. */
export function showSize() {
  const width = Number(kept(WIDTH));
  if (width >= NARROWEST) root().style.setProperty("--drawer-size", `${width}px`);
  root().dataset.sheet = isRaised || kept(STOP) === "high" ? "high" : "low";
  const edge = document.querySelector(".drawer-edge");
  if (!edge) return;
  const drawer = byId("drawer", HTMLElement);
  const now = isSheet() ? (root().dataset.sheet === "high" ? 100 : 0) : drawer.offsetWidth;
  edge.setAttribute("aria-orientation", isSheet() ? "horizontal" : "vertical");
  edge.setAttribute("aria-valuemin", String(isSheet() ? 0 : NARROWEST));
  edge.setAttribute("aria-valuemax", String(isSheet() ? 100 : Math.round(innerWidth / 2)));
  edge.setAttribute("aria-valuenow", String(now));
}

/** @param {Drawer} drawer */
export function startResizing(drawer) {
  document.addEventListener("pointerdown", (event) => {
    const { target } = event;
    if (!(target instanceof HTMLElement && target.matches(".drawer-edge"))) return;
    event.preventDefault();
    target.setPointerCapture(event.pointerId);
    const from = event.clientY;
    let moved = false;
    const move = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      moved ||= Math.abs(clientY - from) > 4;
      if (!isSheet()) setWidth(clientX - drawer.element.getBoundingClientRect().left);
    };
    const drop = (/** @type {PointerEvent} */ { clientY }) => {
      target.removeEventListener("pointermove", move);
      if (isSheet()) dropSheet(drawer, moved ? clientY - from : 0);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", drop, { once: true });
    target.addEventListener("pointercancel", () => target.removeEventListener("pointermove", move), { once: true });
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.target instanceof Element && event.target.matches(".drawer-edge"))) return;
    const { width } = drawer.element.getBoundingClientRect();
    if (isSheet() && event.key === "ArrowUp") setStop("high");
    else if (isSheet() && event.key === "ArrowDown") setStop("low");
    else if (!isSheet() && event.key === "ArrowRight") setWidth(width + STEP);
    else if (!isSheet() && event.key === "ArrowLeft") setWidth(width - STEP);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("click", ({ target }) => {
    const filters = target instanceof Element && target.closest(".filters > summary")?.parentElement;
    if (!(filters instanceof HTMLDetailsElement)) return;
    isRaised = !filters.open;
    showSize();
  });
  addEventListener("resize", showSize);
}

/**
 * The sheet was let go: it goes to the next stop in that direction, and a press alone goes to the other one.
 *
 * @param {Drawer} drawer
 * @param {number} by pixels, downwards
 */
function dropSheet(drawer, by) {
  const isHigh = root().dataset.sheet === "high";
  if (by > 0 && !isHigh) drawer.close();
  else setStop(by === 0 ? (isHigh ? "low" : "high") : by < 0 ? "high" : "low");
}
