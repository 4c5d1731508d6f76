/**
 * Photos chosen, dropped or pasted: one goes straight to its workspace; of several each has a request and a row of
 * its own, so that a broken file stops none of the others. Without this the page is a plain form that sends all its
 * files at once.
 */

import { byId, find } from "./ui/find.js";
import { SENTENCES, announce } from "./ui/messages.js";
import { startChoosing } from "./uploads/choosing.js";
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
  /** @type {File | null} what went wrong last */
  #failed = null;
  #failure = find(form, ".upload-failed", HTMLElement);
  #bar = find(form, "progress", HTMLProgressElement);
  #stage = find(form, ".stage-of-upload", HTMLElement);

  get isBusy() {
    return this.#upload !== null;
  }

  /** @param {File} file */
  async send(file) {
    this.#failure.hidden = true;
    form.ariaBusy = "true";
    find(form, ".upload-busy .name", HTMLElement).textContent = file.name;
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
    if (problem) this.#tell(file, problem, isTold);
  }

  /** Send again what went wrong. */
  again() {
    if (this.#failed) this.send(this.#failed);
  }

  /**
   * Say what is wrong where the file was dropped.
   *
   * @param {File} file
   * @param {string} problem
   * @param {boolean} [isTold] whether the status line says it already
   */
  #tell(file, problem, isTold) {
    this.#failed = file;
    find(this.#failure, ".name", HTMLElement).textContent = file.name;
    find(this.#failure, ".what", HTMLElement).textContent = problem;
    this.#failure.hidden = false;
    if (!isTold) announce(problem, "silent");
    find(this.#failure, "[data-again]", HTMLElement).focus();
  }

  abort() {
    this.#upload?.abort();
    this.settle();
  }

  /** As before an upload. */
  settle() {
    this.#failure.hidden = true;
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

find(form, "[data-again]", HTMLElement).addEventListener("click", () => zone.again());
find(form, "[data-other]", HTMLElement).addEventListener("click", () => input.click());

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

startChoosing(input, take);
startChoosing(byId("camera", HTMLInputElement), take);
document.addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData?.files.length) take(clipboardData.files);
});
startDropping((carried) => take(carried.files));

// The browser asks in its own words.
addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); });
// The browser's Back button shows this page as it was left: in the middle of an upload.
addEventListener("pageshow", ({ persisted }) => { if (persisted) zone.settle(); });
