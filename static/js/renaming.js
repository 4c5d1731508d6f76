/**
 * Cards that can be renamed in place: one form is open at a time, and the focus comes back where a card is replaced.
 * Renaming itself is a plain form.
 */

import { find, findAll } from "./ui/find.js";

function openForms() {
  return findAll(document, "details.rename[open]", HTMLDetailsElement);
}

/** @param {Element} rename */
function fieldOf(rename) {
  return find(rename, "input[name=name]", HTMLInputElement);
}

/* The browser tells of an opening by "toggle" a moment later: what is typed at once would go to the button, where a
 * space closes the form again. So a click opens it here, and the field has the focus before the next key. */
document.addEventListener("click", (event) => {
  const summary = event.target instanceof Element ? event.target.closest(".rename > summary") : null;
  const rename = summary?.parentElement;
  if (!(rename instanceof HTMLDetailsElement) || rename.open) return;
  event.preventDefault();
  for (const other of openForms()) other.open = false;
  rename.open = true;
  fieldOf(rename).select();
});

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

/* What is being typed into a card stays, when a late answer to something else replaces it. */
/** @type {{ action: string, value: string, start: number | null, end: number | null } | null} */
let typed = null;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const open = openForms().find((rename) => detail.target?.contains(rename) && !rename.contains(detail.requestConfig?.elt ?? null));
  typed = null;
  if (!open) return;
  const { value, selectionStart: start, selectionEnd: end } = fieldOf(open);
  typed = { action: find(open, "form", HTMLFormElement).action, value, start, end };
});
document.addEventListener("htmx:afterSwap", () => {
  const kept = typed;
  const form = kept && findAll(document, ".rename > form", HTMLFormElement).find(({ action }) => action === kept.action);
  if (!kept || !(form?.parentElement instanceof HTMLDetailsElement)) return;
  typed = null;
  form.parentElement.open = true;
  const field = fieldOf(form);
  field.value = kept.value;
  field.focus({ preventScroll: true });
  field.setSelectionRange(kept.start, kept.end);
});

/* A card that was replaced: htmx gives the focus back to a button that has an id, but a form that closed is gone. */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.matches("li.card") && document.activeElement === document.body) {
    const back = detail.elt.querySelector("summary") ?? detail.elt.querySelector("button");
    if (back instanceof HTMLElement) back.focus();
  }
});
