// The status line of every page, which screen readers read out when it changes.

import { byId } from "./find.js";

export const SENTENCES = {
  offline: "There is no connection to the server. Check it and try again.",
  timeout: "The server takes too long to answer. Try again.",
  server: "Something broke on the server. Try again in a moment.",
  tooLarge: "That file is too large.",
  refused: "The server refused that. Reload the page and try again.",
  noPhoto: "That is not an image file. Save the picture first, then drop or choose the file.",
};

/** The element that holds the message. */
export function statusLine() {
  return byId("status", HTMLElement);
}

/**
 * Show a sentence in the status line.
 *
 * @param {string} text
 * @param {Level} [level]
 */
export function announce(text, level = "info") {
  const message = document.createElement("p");
  message.className = `message ${level}`;
  message.textContent = text;
  statusLine().replaceChildren(message);
}

/**
 * Show what an answer of the server says in its own status line.
 *
 * @param {string} html
 */
export function announceAnswer(html) {
  const said = new DOMParser().parseFromString(html, "text/html").querySelector("#status");
  if (said) statusLine().replaceChildren(...said.children);
}

/**
 * What to say of an answer that brings no sentence of ours.
 *
 * @param {number} status of the answer, 400 or more
 */
export function sentenceFor(status) {
  if (status >= 500) return SENTENCES.server;
  return status === 413 ? SENTENCES.tooLarge : SENTENCES.refused;
}
