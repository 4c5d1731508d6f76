/**
 * What HTML alone cannot do, on every page: say things in the status line, open and close the drawer and the pop-up and
 * move the focus along.
 *
 * Everything here only adds to pages that work without it.
 */

export const SENTENCES = {
  offline: "There is no connection to the server. Check it and try again.",
  timeout: "The server takes too long to answer. Try again.",
  server: "Something broke on the server. Try again in a moment.",
  tooLarge: "That file is too large.",
  refused: "The server refused that. Reload the page and try again.",
  noPhoto: "That is not an image file. Save the picture first, then drop or choose the file.",
};

const status = document.getElementById("status");
const details = document.getElementById("details");

/**
 * Show a sentence in the status line, which screen readers read out.
 *
 * @param {string} text
 * @param {"info"|"success"|"error"|"silent"} level silent: for screen readers alone, when the page shows it anyway
 */
export function announce(text, level = "info") {
  const message = document.createElement("p");
  message.className = `message ${level}`;
  message.textContent = text;
  status.replaceChildren(message);
}

function startMessages() {
  const dismiss = document.querySelector("[data-dismiss]");
  if (dismiss) {
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
    if (detail.xhr.status >= 400 && detail.xhr.status < 500) detail.swapOverride = "innerHTML";
  });
  document.addEventListener("htmx:responseError", ({ detail }) => {
    const code = detail.xhr.status;
    if (code >= 500) announce(SENTENCES.server, "error");
    // The answer of something in between (a proxy, say) has no sentence of ours in it.
    else if (!status.querySelector(".message")) announce(code === 413 ? SENTENCES.tooLarge : SENTENCES.refused, "error");
  });
}

/* The drawer and the pop-up */

let opener = null;

function openDrawer() {
  const drawer = document.getElementById("drawer");
  drawer.hidden = false;
  const heading = drawer.querySelector("h1, h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function closeDrawer() {
  document.getElementById("drawer").hidden = true;
  if (opener?.isConnected) opener.focus();
}

function startOverlays() {
  const arrived = ({ detail }) => {
    const id = detail.target?.id;
    if (id === "drawer") openDrawer();
    if (id === "details" && details.childElementCount && !details.open) details.showModal();
    if (id === "details") details.scrollTop = 0;
  };
  document.addEventListener("htmx:afterSwap", arrived);
  document.addEventListener("htmx:oobAfterSwap", arrived);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target?.id === "drawer" && !detail.elt.closest("#drawer, dialog")) opener = document.activeElement;
  });

  document.addEventListener("click", ({ target }) => {
    // Outside its box, a click on the pop-up is one on what lies behind it.
    if (target === details) details.close();
    const button = target.closest?.("[data-close]");
    if (!button) return;
    const dialog = button.closest("dialog");
    if (dialog) dialog.close();
    else closeDrawer();
  });
  document.addEventListener("keydown", (event) => {
    const drawer = document.getElementById("drawer");
    if (event.key !== "Escape" || event.defaultPrevented || !drawer || drawer.hidden) return;
    if (!document.querySelector("dialog[open]")) closeDrawer();
  });
}

startMessages();
startOverlays();
