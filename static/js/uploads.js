/**
 * Photos chosen, dropped or pasted: one goes straight to its workspace; of several each has a request and a row of its
 * own, so that a broken file stops nobody. Without this the page is a plain form that sends all its files at once.
 */

import { SENTENCES, announce } from "./site.js";

const AT_ONCE = 2;

const form = document.getElementById("upload");
const input = form.elements.image;
const megabytes = Number(form.dataset.maxMegabytes) || Infinity;

// A first-time visitor is known from the first answer on; two requests before it would be two different visitors.
let isKnown = false;

/**
 * Send one file.
 *
 * @param {File} file
 * @param {{stay: boolean, progress: (share: number) => void}} options
 * @returns {{answer: Promise<{address?: string, html?: string, problem?: string, aborted?: boolean}>, abort: () => void}}
 */
function send(file, { stay, progress }) {
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve) => {
    if (file.size > megabytes * 2 ** 20) {
      return resolve({ problem: `That file is larger than ${megabytes} MB. Choose or export a smaller one.` });
    }
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("load", () => resolve(answerOf(request)));
    request.addEventListener("error", () => resolve({ problem: SENTENCES.offline }));
    request.addEventListener("abort", () => resolve({ aborted: true }));
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("image", file);
    if (stay) body.append("stay", "on");
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.send(body);
  });
  return { answer, abort: () => request.abort() };
}

function answerOf(request) {
  if (request.status >= 200 && request.status < 300) {
    isKnown = true;
    return { address: request.getResponseHeader("HX-Redirect"), html: request.responseText };
  }
  if (request.status >= 500) return { problem: SENTENCES.server };
  // The answer of something in between (a proxy, say) has no sentence of ours in it.
  const sentence = new DOMParser().parseFromString(request.responseText, "text/html").querySelector(".message");
  return { problem: sentence?.textContent ?? (request.status === 413 ? SENTENCES.tooLarge : SENTENCES.refused) };
}

/* One photo: the zone itself shows how far it is, then its workspace opens. */

let single = null;

async function sendOne(file) {
  const bar = form.querySelector("progress");
  const stage = form.querySelector(".stage-of-upload");
  form.ariaBusy = "true";
  form.querySelector(".name").textContent = file.name;
  stage.textContent = "Uploading";
  bar.value = 0;
  announce(`Uploading ${file.name}`, "silent");
  single = send(file, {
    stay: false,
    progress: (share) => {
      bar.value = share;
      if (share < 1) return;
      bar.removeAttribute("value");
      stage.textContent = "Finding the superpixels";
    },
  });
  const { address, problem } = await single.answer;
  single = null;
  if (address) return location.assign(address);
  settle();
  if (problem) announce(problem, "error");
}

function settle() {
  form.removeAttribute("aria-busy");
  form.reset();
}

form.querySelector("[data-abort]").addEventListener("click", () => {
  single?.abort();
  settle();
  input.focus();
});

/* Several: a row each. */

const panel = document.getElementById("uploads");
const heading = panel.querySelector("h2");
const list = panel.querySelector("ul");
const cancelAll = panel.querySelector("[data-cancel-all]");
const close = panel.querySelector("[data-close-uploads]");
const rows = [];

class Row {
  constructor(file) {
    this.file = file;
    this.element = panel.querySelector("template").content.firstElementChild.cloneNode(true);
    this.bar = this.element.querySelector("progress");
    this.bar.ariaLabel = `Upload of ${file.name}`;
    this.element.querySelector(".name").textContent = file.name;
    this.cancelButton = this.element.querySelector("[data-cancel]");
    this.cancelButton.ariaLabel = `Cancel ${file.name}`;
    this.cancelButton.addEventListener("click", () => this.cancel());
    this.retryButton = this.element.querySelector("[data-retry]");
    this.retryButton.ariaLabel = `Try again: ${file.name}`;
    this.retryButton.addEventListener("click", () => this.retry());
    this.is("waiting", "Waiting");
  }

  /** @param {"waiting"|"sending"|"done"|"failed"|"cancelled"} state */
  is(state, sentence) {
    this.state = state;
    this.element.dataset.state = state;
    const open = state === "waiting" || state === "sending";
    this.element.querySelector(".what").textContent = sentence;
    this.bar.hidden = !open;
    this.cancelButton.hidden = !open;
    this.retryButton.hidden = open;
  }

  async start() {
    this.is("sending", "Uploading");
    this.bar.value = 0;
    this.request = send(this.file, {
      stay: true,
      progress: (share) => {
        this.bar.value = share;
        if (share < 1) return;
        this.bar.removeAttribute("value");
        this.element.querySelector(".what").textContent = "Finding the superpixels";
      },
    });
    const { html, problem, aborted } = await this.request.answer;
    if (html) this.finish(html);
    else this.is(aborted ? "cancelled" : "failed", aborted ? "Cancelled" : problem);
    goOn();
  }

  finish(html) {
    this.state = this.element.dataset.state = "done";
    const link = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    link.removeAttribute("id");
    this.element.replaceChildren(link);
  }

  cancel() {
    if (this.state === "sending") this.request.abort();
    else this.is("cancelled", "Cancelled");
    goOn();
    // The button that had the focus is gone.
    setTimeout(() => this.retryButton.focus());
  }

  retry() {
    this.is("waiting", "Waiting");
    goOn();
    this.cancelButton.focus();
  }
}

const inState = (...states) => rows.filter((row) => states.includes(row.state));
const isBusy = () => single !== null || inState("waiting", "sending").length > 0;

function enqueue(files) {
  for (const file of files) {
    const row = new Row(file);
    rows.push(row);
    list.append(row.element);
  }
  panel.hidden = false;
  announce(`Uploading ${photos(inState("waiting", "sending").length)}`, "silent");
  form.reset();
  goOn();
}

let wasBusy = false;

/** Start what may start, and say so once when all is done. */
function goOn() {
  for (const row of inState("waiting")) {
    if (inState("sending").length >= (isKnown ? AT_ONCE : 1)) break;
    row.start();
  }
  const open = inState("waiting", "sending").length;
  const done = inState("done").length;
  const failed = inState("failed").length;
  cancelAll.hidden = !open;
  close.hidden = open > 0;
  panel.querySelector(".actions").hidden = open > 0 || !done;
  heading.textContent = open
    ? `${done} of ${photos(done + open)} added`
    : `${photos(done)} added${failed ? `, ${failed} not` : ""}`;
  if (wasBusy && !open) settled(done, failed);
  wasBusy = open > 0;
}

function settled(done, failed) {
  const sentence = failed ? `${photos(done)} added, ${failed} could not be.` : `${photos(done)} added.`;
  announce(sentence, "silent");
  if (document.getElementById("photo_grid")) {
    window.htmx.ajax("GET", location.href, { target: "#photo_grid", swap: "outerHTML" });
  }
}

function photos(count) {
  return count === 1 ? "1 photo" : `${count} photos`;
}

cancelAll.addEventListener("click", () => {
  // Those that wait first: else the next would start as soon as one is cancelled.
  for (const row of [...inState("waiting"), ...inState("sending")]) row.cancel();
  setTimeout(() => heading.focus());
});
close.addEventListener("click", () => {
  panel.hidden = true;
  rows.length = 0;
  list.replaceChildren();
  input.focus();
});

/* Where files come from */

function take(files) {
  if (form.ariaBusy === "true") return;
  if (!files.length) announce(SENTENCES.noPhoto, "error");
  else if (files.length > 1 || isBusy()) enqueue([...files]);
  else sendOne(files[0]);
}

function startDropping() {
  const dragging = (on) => document.documentElement.classList.toggle("dragging", on);
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const carriesPicture = (event) => event.dataTransfer?.types.includes("text/uri-list");

  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event) && !carriesPicture(event)) return;
    event.preventDefault();
    dragging(carriesFiles(event));
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) dragging(false);
  });
  document.addEventListener("drop", (event) => {
    dragging(false);
    if (!carriesFiles(event) && !carriesPicture(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

input.addEventListener("change", () => { if (input.files.length) take(input.files); });
document.addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData?.files.length) take(clipboardData.files);
});
startDropping();

// The browser asks in its own words.
addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); });
// The browser's Back button shows this page as it was left: in the middle of an upload.
addEventListener("pageshow", ({ persisted }) => persisted && settle());
