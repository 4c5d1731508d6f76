/**
 * The list of one's own photos: counts what is chosen. Choosing, renaming and deleting are plain forms.
 */

import { find, findAll } from "./ui/find.js";

/** The list, which answers replace. */
function grid() {
  return document.getElementById("photo_grid");
}

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
