/**
 * What HTML alone cannot do, on every page: say things in the status line, and say whose page it is with all that is sent.
 *
 * Everything here only adds to pages that work without it.
 */

import { SENTENCES, announce, announceAnswer, sentenceFor, statusLine } from "./ui/messages.js";
import { startWhosePage, whatHasBecomeOfThem } from "./ui/whose_page.js";

const status = statusLine();

function startMessages() {
  const dismiss = document.querySelector("[data-dismiss]");
  if (dismiss instanceof HTMLElement) {
    dismiss.hidden = false;
    dismiss.addEventListener("click", () => status.replaceChildren());
  }
  // A live region is read out when it changes: what the page came with is put in once more.
  if (status.children.length) setTimeout(() => status.replaceChildren(...status.children), 100);

  document.addEventListener("site:message", ({ detail }) => announce(detail.text, detail.level));
  document.addEventListener("htmx:sendError", () => announce(SENTENCES.offline, "error"));
  document.addEventListener("htmx:timeout", () => announce(SENTENCES.timeout, "error"));
  // A refusal is shown even where the answer would not have been swapped in at all (hx-swap="none").
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (bringsSentence(detail.xhr.status)) detail.swapOverride = "innerHTML";
  });
  document.addEventListener("htmx:responseError", ({ detail }) => {
    const code = detail.xhr.status;
    if (!bringsSentence(code)) announce(SENTENCES.server, "error");
    // The answer of something in between (a proxy, say) has no sentence of ours in it.
    else if (!status.querySelector(".message")) announce(sentenceFor(code), "error");
  });
}

/**
 * Whether the site says in its answer what is wrong: with the request, or for a while with itself (busy, no room).
 *
 * @param {number} code of the answer
 */
function bringsSentence(code) {
  return (code >= 400 && code < 500) || code === 503 || code === 507;
}

startWhosePage();
startMessages();
announceAnswer(await whatHasBecomeOfThem());
