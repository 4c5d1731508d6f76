/**
 * What a search adds to the drawer and the pop-up: the focus stays where the person works while answers are swapped in,
 * and a search from the pop-up closes it.
 */

import { byId } from "./ui/find.js";

const details = byId("details", HTMLDialogElement);

/** A hit that was judged may have moved to another page: its button is gone, and with it the focus. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const answer = document.getElementById("answer");
  if (detail.target?.id !== "answer" || !answer || document.activeElement !== document.body) return;
  answer.focus({ preventScroll: true });
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target?.id === "drawer" && detail.xhr.status < 300 && details.open) details.close();
});
