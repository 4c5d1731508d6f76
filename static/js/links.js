/** Copies the address of a new link, or a new token; without this it is selected and copied by hand. */

import { byId, find } from "./ui/find.js";

document.addEventListener("click", async ({ target }) => {
  const button = target instanceof Element && target.closest("[data-copy]");
  if (!(button instanceof HTMLElement)) return;
  const address = byId(button.dataset.copy ?? "", HTMLInputElement);
  address.select();
  if (!await copy(address.value)) return;
  find(button, "span", HTMLElement).textContent = "Copied";
  const field = button.closest(".field");
  if (!field) return;
  const said = find(field, "[data-copied]", HTMLElement);
  said.textContent = said.dataset.copied || "The link is copied.";
});

/**
 * Copy a text that is selected.
 *
 * @param {string} text
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS a browser has no clipboard to write to, but the old command.
    return document.execCommand("copy");
  }
}
