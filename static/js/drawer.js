/**
 * The drawer and the pop-up: they open with what is swapped into them, and have addresses, so that Back leads through
 * them. Without this every answer is a page of its own.
 */

import "./links.js";
import { ChangedSelection } from "./ui/changed_selection.js";
import { Drawer, showSize, startResizing } from "./ui/drawer.js";
import { Popup, showMarks, startLooseHits, startMarks } from "./ui/popup.js";
import { ShownSearch } from "./ui/shown_search.js";
import { TabHistory } from "./ui/tab_history.js";

const drawer = new Drawer();
const tabHistory = new TabHistory();
const popup = new Popup(tabHistory);
const changed = new ChangedSelection();
startLooseHits();
startMarks();
startResizing(drawer);
showSize();
const shown = document.getElementById("drawer") ? new ShownSearch(drawer, popup, tabHistory) : null;

/** @param {DocumentEventMap["htmx:afterSwap"]} event */
function arrived({ detail }) {
  const id = detail.target?.id;
  if (id === "drawer") {
    drawer.open({ focus: !changed.isByItself && !shown?.isByAddress });
    changed.isByItself = false;
    changed.arrived();
    shown?.arrived();
  }
  if (id === "details") popup.arrived(detail.requestConfig?.elt);
  showMarks();
}
document.addEventListener("htmx:afterSwap", arrived);
document.addEventListener("htmx:oobAfterSwap", arrived);
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id === "drawer" && !detail.elt.closest("#drawer, dialog")) drawer.noteOpener();
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target?.id === "drawer" && detail.xhr.status < 300 && popup.element.open) popup.closeFor();
});

/** A hit that was judged may have moved to another page: its button is gone, and with it the focus. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const answer = document.getElementById("answer");
  if (detail.target?.id !== "answer" || !answer || document.activeElement !== document.body) return;
  answer.focus({ preventScroll: true });
});

document.addEventListener("click", ({ target }) => {
  // Outside its box, a click on the pop-up is one on what lies behind it.
  if (target === popup.element) popup.element.close();
  if (!(target instanceof Element)) return;
  const step = target.closest("[data-step]");
  if (step instanceof HTMLElement) popup.go(Number(step.dataset.step));
  if (target.closest("[data-open-drawer]")) drawer.open();
  const button = target.closest("[data-close]");
  const dialog = button?.closest("dialog");
  if (dialog) dialog.close();
  else if (button) drawer.close();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !drawer.isOpen) return;
  if (!document.querySelector("dialog[open]")) drawer.close();
});
