/**
 * Photos chosen, dropped or pasted: one goes straight to its workspace; of several each has a request and a row of
 * its own, so that a broken file stops none of the others. Without this the page is a plain form that sends all its
 * files at once.
 */

import { byId, find } from "./ui/find.js";
import { SENTENCES, announce } from "./ui/messages.js";
import { startDropping } from "./uploads/dropping.js";
import { UploadList } from "./uploads/list.js";
import { Sender } from "./uploads/sender.js";

/** @import { Upload } from "./uploads/sender.js" */

const form = byId("upload", HTMLFormElement);
const input = find(form, "input[name=image]", HTMLInputElement);
const sender = new Sender(form);
const list = new UploadList(byId("uploads", HTMLElement), sender, () => input.focus());

/** One photo: the zone itself shows how far it is, then its workspace opens. */
class Zone {
  /** @type {Upload | null} */
  #upload = null;
  #bar = find(form, "progress", HTMLProgressElement);
  #stage = find(form, ".stage-of-upload", HTMLElement);

  get isBusy() {
    return this.#upload !== null;
  }

  /** @param {File} file */
  async send(file) {
    form.ariaBusy = "true";
    find(form, ".name", HTMLElement).textContent = file.name;
    this.#stage.textContent = "Uploading";
    this.#bar.value = 0;
    announce(`Uploading ${file.name}`, "silent");
    this.#upload = sender.send(file, { stay: false, progress: (share) => this.#progress(share) });
    const { address, problem, isTold } = await this.#upload.answer;
    this.#upload = null;
    if (address) {
      location.assign(address);
      return;
    }
    this.settle();
    if (problem && !isTold) announce(problem, "error");
  }

  abort() {
    this.#upload?.abort();
    this.settle();
  }

  /** As before an upload. */
  settle() {
    form.removeAttribute("aria-busy");
    form.reset();
  }

  /** @param {number} share */
  #progress(share) {
    this.#bar.value = share;
    if (share < 1) return;
    this.#bar.removeAttribute("value");
    this.#stage.textContent = "Finding the superpixels";
  }
}

const zone = new Zone();
const isBusy = () => zone.isBusy || list.isBusy;

find(form, "[data-abort]", HTMLElement).addEventListener("click", () => {
  zone.abort();
  input.focus();
});

/* Where files come from */

/** @param {FileList} files */
function take(files) {
  if (form.ariaBusy === "true") return;
  if (!files.length) {
    announce(SENTENCES.noPhoto, "error");
  } else if (files.length > 1 || isBusy()) {
    // Resetting the form empties its list of files.
    list.add([...files]);
    form.reset();
  } else {
    zone.send(files[0]);
  }
}

input.addEventListener("change", () => { if (input.files?.length) take(input.files); });
document.addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData?.files.length) take(clipboardData.files);
});
startDropping((carried) => take(carried.files));

// The browser asks in its own words.
addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); });
// The browser's Back button shows this page as it was left: in the middle of an upload.
addEventListener("pageshow", ({ persisted }) => { if (persisted) zone.settle(); });
