/**
 * What HTML alone cannot do, on every page: say things in the status line, say whose page it is with all that is sent,
 * open and close the drawer and the pop-up and move the focus along.
 *
 * Everything here only adds to pages that work without it.
 */

import { byId } from "./ui/find.js";
import { SENTENCES, announce, announceAnswer, sentenceFor, statusLine } from "./ui/messages.js";
import { startWhosePage, whatHasBecomeOfThem } from "./ui/whose_page.js";

const status = statusLine();
const details = byId("details", HTMLDialogElement);

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

/* The drawer and the pop-up */

/** The drawer beside the page. An answer may replace it, so it is looked up anew. */
class Drawer {
  /** @type {Element | null} what had the focus when the drawer was asked for */
  #opener = null;

  get #element() {
    return document.getElementById("drawer");
  }

  get isOpen() {
    return this.#element?.hidden === false;
  }

  open() {
    const drawer = this.#element;
    if (!drawer) return;
    drawer.hidden = false;
    const heading = drawer.querySelector("h1, h2");
    if (!(heading instanceof HTMLElement)) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  close() {
    if (this.#element) this.#element.hidden = true;
    if (this.#opener instanceof HTMLElement && this.#opener.isConnected) this.#opener.focus();
  }

  /** Note where the focus goes back to. */
  noteOpener() {
    this.#opener = document.activeElement;
  }
}

function startOverlays() {
  const drawer = new Drawer();
  const arrived = (/** @type {DocumentEventMap["htmx:afterSwap"]} */ { detail }) => {
    const id = detail.target?.id;
    if (id === "drawer") drawer.open();
    if (id === "details" && details.childElementCount && !details.open) details.showModal();
    if (id === "details") details.scrollTop = 0;
  };
  document.addEventListener("htmx:afterSwap", arrived);
  document.addEventListener("htmx:oobAfterSwap", arrived);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target?.id === "drawer" && !detail.elt.closest("#drawer, dialog")) drawer.noteOpener();
  });

  document.addEventListener("click", ({ target }) => {
    // Outside its box, a click on the pop-up is one on what lies behind it.
    if (target === details) details.close();
    const button = target instanceof Element && target.closest("[data-close]");
    if (!button) return;
    const dialog = button.closest("dialog");
    if (dialog) dialog.close();
    else drawer.close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !drawer.isOpen) return;
    if (!document.querySelector("dialog[open]")) drawer.close();
  });
}

startWhosePage();
startMessages();
startOverlays();
announceAnswer(await whatHasBecomeOfThem());
