/**
 * The list of one's own photos: moves the focus along where a card is replaced or opened for renaming, and counts what
 * is chosen. Choosing, renaming and deleting are plain forms.
 */

const grid = () => document.getElementById("photo_grid");
const boxes = () => [...grid().querySelectorAll("input[name=photo][type=checkbox]")];

/* Renaming */

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.rename") || !target.open) return;
  for (const other of document.querySelectorAll("details.rename[open]")) if (other !== target) other.open = false;
  target.querySelector("input[name=name]").select();
}, true);

document.addEventListener("keydown", (event) => {
  const rename = event.key === "Escape" && event.target.closest?.("details.rename[open]");
  if (!rename) return;
  event.preventDefault();
  rename.open = false;
  rename.querySelector("summary").focus();
});

document.addEventListener("pointerdown", ({ target }) => {
  for (const open of document.querySelectorAll("details.rename[open]")) if (!open.contains(target)) open.open = false;
});

/* A card that was replaced: htmx gives the focus back to a button that has an id, but a form that closed is gone. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.matches?.(".own-photo") && document.activeElement === document.body) {
    detail.elt.querySelector("summary").focus();
  }
});

/* Choosing */

function showChosen() {
  const all = grid()?.querySelector("[data-choose-all]");
  if (!all) return;
  const chosen = boxes().filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  grid().querySelector(".count").textContent = chosen ? `${chosen} chosen` : "";
}

document.addEventListener("change", ({ target }) => {
  if (!grid()?.contains(target) || target.type !== "checkbox") return;
  if (target.matches("[data-choose-all]")) for (const box of boxes()) box.checked = target.checked;
  showChosen();
});
document.addEventListener("htmx:afterSettle", showChosen);
addEventListener("pageshow", showChosen);
