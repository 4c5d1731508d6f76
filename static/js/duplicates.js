/**
 * Pairs of images by keyboard: the arrow keys choose which is kept and go to the other pairs, and each button has a
 * letter of its own. Without this the page is plain links and forms.
 */

import { meant } from "./lib/keys.js";
import { findAll } from "./ui/find.js";

/** The pair, which answers replace. */
function shown() {
  return document.getElementById("duplicates");
}

/** @param {number} side 0 for the left one */
function choose(side) {
  const radio = findAll(document, ".pair input[name=kept]", HTMLInputElement)[side];
  if (!radio) return;
  radio.checked = true;
  radio.focus();
}

/** @param {string} key */
function press(key) {
  const named = findAll(document, "#duplicates [data-key]", HTMLElement).find(({ dataset }) => dataset.key === key);
  named?.click();
  return Boolean(named);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target instanceof Element && event.target.closest("input:not([type=radio]), textarea, select")) return;
  const side = ["ArrowLeft", "ArrowRight"].indexOf(event.key);
  if (side >= 0 && shown()?.querySelector(".pair")) choose(side);
  else if (!press(meant(event))) return;
  event.preventDefault();
});

/* A pair that was swapped in: whoever reads it by ear begins at its heading. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id !== "duplicates") return;
  const heading = shown()?.querySelector("h2");
  if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
});
