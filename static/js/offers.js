/**
 * The queue of offers by keyboard: letters count only while an offer has the focus, so that they are in nobody's way.
 * Without this there are the buttons of each offer.
 */

import { meant } from "./lib/keys.js";
import { byId, findAll } from "./ui/find.js";

/** @param {Element} offer */
const boxOf = (offer) => findAll(offer, "input[name=offer][type=checkbox]", HTMLInputElement)[0];

/** @type {Record<string, (offer: HTMLElement) => void>} */
const KEYS = {
  j: (offer) => focusOn(offer.nextElementSibling),
  k: (offer) => focusOn(offer.previousElementSibling),
  a: (offer) => findAll(offer, "[data-approve]", HTMLElement)[0]?.click(),
  r: (offer) => findAll(offer, "input[name=reason]", HTMLElement)[0]?.focus(),
  x: (offer) => boxOf(offer)?.click(),
};

/** @param {Element | null | undefined} element */
function focusOn(element) {
  if (element instanceof HTMLElement) element.focus();
}

/** Where the one that is decided stood: the next one takes its place. */
let place = -1;

document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (!(target instanceof HTMLElement) || !target.matches(".offer") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[meant(event)];
  if (!act) return;
  event.preventDefault();
  act(target);
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const offer = detail.elt.closest(".offer");
  place = offer ? findAll(document, ".offer", HTMLElement).findIndex((one) => one === offer) : -1;
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "offers" || place < 0) return;
  const left = findAll(document, ".offer", HTMLElement);
  const next = left[Math.min(place, left.length - 1)] ?? byId("main", HTMLElement);
  place = -1;
  // Whoever has gone on to another offer meanwhile, or writes why it is not taken, stays there.
  if (document.activeElement === document.body) focusOn(next);
});

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.matches("[data-choose-offers]")) return;
  for (const offer of findAll(document, ".offer", HTMLElement)) {
    const box = boxOf(offer);
    if (box) box.checked = target.checked;
  }
});
