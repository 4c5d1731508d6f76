// Whose page this is, and the token that goes with everything sent. Both change while the page is open, when another tab
// signs in: so they are looked at for each request. Where the person is gone the server says so (401), see
// `accounts/web/whose_page.py`.

import { find } from "./find.js";

const NOBODY = "nobody";
/** What this tab remembers from page to page. */
const KEY = "page-of";
const TOKEN_FIELD = "csrfmiddlewaretoken", OWNER_HEADER = "X-Page-Of", OWNER_FIELD = "page_of";

function owner() {
  return find(document, "meta[name=page-of]", HTMLMetaElement);
}

/** The marker of the person this page was made for, or of whom they have become by signing in. */
export function pageOf() {
  return owner().content;
}

/** Whether this is the page of somebody who can sign in again. */
export function isOfAccount() {
  return owner().content.startsWith("u");
}

/** Whether a token has been asked for in vain: a browser that keeps no cookies gets none. */
let isInVain = false;

function token() {
  const name = find(document, "meta[name=csrf-cookie]", HTMLMetaElement).content;
  // Of several for different paths the server takes the last.
  const cookie = document.cookie.split("; ").findLast((pair) => pair.startsWith(`${name}=`)) ?? "";
  const value = cookie.slice(name.length + 1);
  return /^[A-Za-z0-9]{32,64}$/.test(value) ? value : "";
}

/** Get a new token where its cookie is gone: a request without one would be refused. */
export async function tokenIsThere() {
  if (token()) return;
  try {
    await ask(pageOf());
  } catch {
    // No connection: the request itself will tell.
  }
  isInVain = !token();
}

/**
 * What each request says of the page it comes from.
 *
 * @returns {Record<string, string>}
 */
export function ownHeaders() {
  const known = token();
  return { [OWNER_HEADER]: pageOf(), ...(known ? { "X-CSRFToken": known } : {}) };
}

/**
 * Take on whom the page belongs to from now on: a visitor who has just got something, or has signed in elsewhere.
 *
 * @param {{ getResponseHeader(name: string): string | null } | Headers} answer
 */
export function noteOwner(answer) {
  const marker = "get" in answer ? answer.get(OWNER_HEADER) : answer.getResponseHeader(OWNER_HEADER);
  if (!marker) return;
  owner().content = marker;
  remember(marker);
}

/**
 * Ask whether the person with a marker is still the one behind this browser's requests.
 *
 * @param {string} marker
 * @returns {Promise<Response>} 401 with a sentence where they are not
 */
export function ask(marker) {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href, [OWNER_HEADER]: marker };
  return fetch(owner().dataset.ask ?? "", { headers, cache: "no-store" });
}

/** Keep forms, htmx and the pages that the browser keeps up with who is there. */
export function startWhosePage() {
  // Fired for every form that is sent, by a button, by a script or by htmx.
  document.addEventListener("formdata", ({ formData }) => {
    if (formData.has(TOKEN_FIELD) && token()) formData.set(TOKEN_FIELD, token());
    if (formData.has(OWNER_FIELD)) formData.set(OWNER_FIELD, pageOf());
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (token() || isInVain) return;
    event.preventDefault();
    tokenIsThere().finally(() => event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:configRequest", ({ detail }) => { Object.assign(detail.headers, ownHeaders()); });
  document.addEventListener("htmx:beforeOnLoad", ({ detail }) => noteOwner(detail.xhr));
  addEventListener("pageshow", ({ persisted }) => { if (persisted || isFromHistory()) renewIfOutdated(); });
  document.addEventListener("submit", ({ submitter }) => {
    if (submitter?.dataset.signsOut !== undefined) remember(NOBODY);
  });
}

/**
 * What is to be said where this tab showed a known person's pages before, and this one is another's: the session has
 * gone in between.
 *
 * @returns {Promise<string>} a sentence of the server's, as HTML, or nothing
 */
export async function whatHasBecomeOfThem() {
  const before = remembered();
  remember(pageOf());
  if (!before || before === NOBODY || before === pageOf() || isOfAccount()) return "";
  try {
    const answer = await ask(before);
    return answer.status === 401 ? await answer.text() : "";
  } catch {
    return "";
  }
}

function isFromHistory() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit instanceof PerformanceNavigationTiming && visit.type === "back_forward";
}

/** A page that the browser has kept must not show what is somebody's once they have gone. */
async function renewIfOutdated() {
  try {
    const answer = await ask(pageOf());
    if (answer.status === 401 || answer.headers.has(OWNER_HEADER)) location.reload();
  } catch {
    // No connection: whatever is done here will tell.
  }
}

/** @param {string} marker */
function remember(marker) {
  try {
    sessionStorage.setItem(KEY, marker);
  } catch {
    // A browser that keeps nothing: a page that is loaded anew cannot tell.
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
