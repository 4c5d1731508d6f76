// What Exclude means, said the first time that somebody takes it in hand: it is no way to take something away.

import { find, findAll } from "../ui/find.js";
import { keep, kept } from "../ui/kept.js";

const KEY = "exclude-told";

/**
 * @param {HTMLElement} note
 * @param {HTMLFormElement} form
 */
export function startTelling(note, form) {
  const button = find(note, "button", HTMLButtonElement);
  const close = () => {
    note.hidden = true;
    keep(KEY, "yes");
  };
  for (const input of findAll(form, "input[name=mode]", HTMLInputElement)) {
    input.addEventListener("change", () => {
      if (input.value === "exclude") note.hidden = kept(KEY) !== "";
      else if (!note.hidden) close();
    });
  }
  button.addEventListener("click", close);
}
