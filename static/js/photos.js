/**
 * The list of one's own photos: moves the focus along where a card is replaced or opened for renaming, and counts what
 * is chosen. Choosing, renaming and deleting are plain forms.
 */

import { find, findAll } from "./ui/find.js";

/** The list, which answers replace. */
function grid() {
  return document.getElementById("photo_grid");
}

/* Renaming */

function openForms() {
  return findAll(document, "details.rename[open]", HTMLDetailsElement);
}

document.addEventListener("toggle", ({ target }) => {
  if (!(target instanceof HTMLDetailsElement && target.matches(".rename") && target.open)) return;
  for (const other of openForms()) if (other !== target) other.open = false;
  find(target, "input[name=name]", HTMLInputElement).select();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !(event.target instanceof Element)) return;
  const rename = event.target.closest("details.rename[open]");
  if (!(rename instanceof HTMLDetailsElement)) return;
  event.preventDefault();
  rename.open = false;
  find(rename, "summary", HTMLElement).focus();
});

document.addEventListener("pointerdown", ({ target }) => {
  for (const rename of openForms()) if (!(target instanceof Node && rename.contains(target))) rename.open = false;
});

/* A card that was replaced: htmx gives the focus back to a button that has an id, but a form that closed is gone. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.matches(".own-photo") && document.activeElement === document.body) {
    find(detail.elt, "summary", HTMLElement).focus();
  }
});

/* Choosing */

/** @param {Element} list */
function boxesOf(list) {
  return findAll(list, "input[name=photo][type=checkbox]", HTMLInputElement);
}

function showChosen() {
  const list = grid();
  const all = list?.querySelector("[data-choose-all]");
  if (!list || !(all instanceof HTMLInputElement)) return;
  const boxes = boxesOf(list);
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && !all.checked;
  find(list, ".count", HTMLElement).textContent = chosen ? `${chosen} chosen` : "";
}

document.addEventListener("change", ({ target }) => {
  const list = grid();
  if (!(target instanceof HTMLInputElement && target.type === "checkbox" && list?.contains(target))) return;
  if (target.matches("[data-choose-all]")) for (const box of boxesOf(list)) box.checked = target.checked;
  showChosen();
});
document.addEventListener("htmx:afterSettle", showChosen);
addEventListener("pageshow", showChosen);
