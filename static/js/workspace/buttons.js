// The buttons and links of the workspace. Those that ask for what is on the screen wait until every gesture has
// arrived.

import { byId, findAll } from "../ui/find.js";
import { zoom } from "./shortcuts.js";

/**
 * @import { Viewport } from "../ui/viewport.js"
 * @import { Connection } from "./connection.js"
 */

/**
 * @param {object} page
 * @param {HTMLFormElement} page.form
 * @param {HTMLElement} page.share the link that opens the pop-up of links
 * @param {Connection} page.connection
 * @param {Viewport} page.viewport
 * @param {(gesture: { tool: string }) => void} page.perform
 */
export function startButtons({ form, share, connection, viewport, perform }) {
  form.addEventListener("submit", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (button?.dataset.plain !== undefined) return;
    event.preventDefault();
    if (button?.id === "search") askWhenArrived(button, connection);
    else if (button && button.value !== "show" && mayPress(button, connection)) perform({ tool: button.value });
  });

  share.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    askWhenArrived(share, connection);
  });
  // A link that opens a dialog works as a button, so the space bar presses it too.
  share.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    share.click();
  });

  for (const link of findAll(form, "a[href*=download]", HTMLAnchorElement)) {
    link.addEventListener("click", async (event) => {
      if (!connection.isBusy) return;
      event.preventDefault();
      if (await connection.arrived()) location.assign(link.href);
    });
  }
  for (const button of findAll(form, "[data-zoom]", HTMLElement)) {
    button.addEventListener("click", () => zoom(viewport, button.dataset.zoom));
  }

  // An answer tells the buttons of the history what is possible now, and leaves the buttons themselves: one that is
  // being pressed while the answer arrives would never hear its click if another took its place.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    if (detail.target.id !== "history") return;
    detail.shouldSwap = false;
    for (const told of findAll(detail.fragment, "button[aria-disabled]", HTMLButtonElement)) {
      byId(told.id, HTMLButtonElement).ariaDisabled = told.ariaDisabled;
    }
  });
}

/**
 * Let htmx send the request of an element.
 *
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
async function askWhenArrived(element, connection) {
  if (await connection.arrived()) htmx.trigger(element, "asked");
}

/**
 * Undo is possible as soon as there is something to undo, even if the server has not said so yet.
 *
 * @param {HTMLElement} button
 * @param {Connection} connection
 */
function mayPress(button, connection) {
  return button.getAttribute("aria-disabled") !== "true" || connection.isBusy;
}
