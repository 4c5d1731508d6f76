// Sends photos to the server, each with a request of its own that tells how far it is.

import { SENTENCES, announceAnswer, sentenceFor } from "../ui/messages.js";
import { noteOwner, ownHeaders, tokenIsThere } from "../ui/whose_page.js";

/**
 * What came of an upload: where to go on, the photo's entry, what is wrong, or that it was given up.
 *
 * @typedef {object} Answer
 * @property {string | null} [address]
 * @property {string} [html]
 * @property {string} [problem]
 * @property {boolean} [aborted]
 * @property {boolean} [isTold] whether the status line says already what is wrong
 * @property {boolean} [isFinal] whether trying again would change nothing
 * @property {number} [status] of the server's answer, where something is wrong
 */

/**
 * @typedef {object} Upload
 * @property {Promise<Answer>} answer
 * @property {() => void} abort
 */

/**
 * @typedef {object} Options
 * @property {boolean} stay whether the page stays, so that it needs the photo's entry and no address
 * @property {(share: number) => void} progress told the share that is sent
 * @property {string} [address] where to send it, if elsewhere than the form is sent
 * @property {Record<string, string>} [fields] what goes along
 */

/**
 * Whatever sends files; a row says its `stage` while the server deals with what has come.
 *
 * @typedef {object} Sends
 * @property {boolean} isKnown
 * @property {string} stage
 * @property {(file: File, options: Options) => Upload} send
 */

/** How often a photo is sent while the site is busy, each time after the pause that it asks for. */
const MOST_TRIES = 4;

export class Sender {
  /** A first-time visitor is known from the first answer on; two requests before it would be two different visitors. */
  isKnown = false;
  stage = "Finding the superpixels";
  #form;
  #megabytes;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#form = form;
    this.#megabytes = Number(form.dataset.maxMegabytes) || Infinity;
  }

  /**
   * @param {Blob} file
   * @param {Options} options
   * @returns {Upload}
   */
  send(file, { stay, progress, address, fields = {} }) {
    const megabytes = this.#megabytes;
    const request = new XMLHttpRequest();
    const stopped = new AbortController();
    let tries = 0;
    let pause = 0;
    /** @type {Promise<Answer>} */
    const answer = new Promise((resolve) => {
      if (file.size > megabytes * 2 ** 20) {
        resolve({ problem: `That file is larger than ${megabytes} MB. Choose or export a smaller one.` });
        return;
      }
      const start = async () => {
        tries += 1;
        await tokenIsThere();
        if (stopped.signal.aborted) return;
        request.open("POST", address ?? this.#form.action);
        const headers = { "HX-Request": "true", "HX-Current-URL": location.href, ...ownHeaders() };
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        request.send(bodyOf(file, stay ? { ...fields, stay: "on" } : fields));
      };
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress(event.loaded / event.total);
      });
      request.upload.addEventListener("load", () => progress(1));
      request.addEventListener("load", () => {
        const seconds = request.status === 503 ? Number(request.getResponseHeader("Retry-After")) : 0;
        if (seconds && tries < MOST_TRIES) pause = setTimeout(start, seconds * 1000);
        else resolve(this.#answerOf(request));
      });
      request.addEventListener("error", () => resolve({ problem: SENTENCES.offline }));
      stopped.signal.addEventListener("abort", () => {
        clearTimeout(pause);
        request.abort();
        resolve({ aborted: true });
      });
      start();
    });
    return { answer, abort: () => stopped.abort() };
  }

  /**
   * @param {XMLHttpRequest} request
   * @returns {Answer}
   */
  #answerOf(request) {
    noteOwner(request);
    if (request.status >= 200 && request.status < 300) {
      this.isKnown = true;
      return { address: request.getResponseHeader("HX-Redirect"), html: request.responseText };
    }
    // With the way back, which a row has no place for.
    const isTold = request.status === 401;
    if (isTold) announceAnswer(request.responseText);
    // The answer of something in between (a proxy, say) has no sentence of ours in it.
    const sentence = new DOMParser().parseFromString(request.responseText, "text/html").querySelector(".message");
    return { problem: sentence?.textContent ?? sentenceFor(request.status), isTold, status: request.status };
  }
}

/**
 * @param {Blob} file
 * @param {Record<string, string>} fields
 */
function bodyOf(file, fields) {
  const body = new FormData();
  body.append("image", file);
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return body;
}
