// Sends files as imports: each to the address that the server gave for it, archives in parts.

import { SENTENCES, announceAnswer, sentenceFor } from "../ui/messages.js";
import { ownHeaders, tokenIsThere } from "../ui/whose_page.js";

/**
 * @import { Dropped } from "./dropping.js"
 * @import { Answer, Options, Sender, Upload } from "./sender.js"
 */

/**
 * @typedef {object} Announced
 * @property {string} [problem]
 * @property {File[]} [files] to be sent
 * @property {[path: string, reason: string][]} [omitted]
 */

/**
 * @typedef {object} Archive how far an archive is that goes in parts
 * @property {string} part
 * @property {string} end
 * @property {number} part_bytes
 * @property {number} sent
 */

export class TaskSender {
  isKnown = true;
  stage = "Reading it";
  #form;
  #sender;
  #began;
  /** @type {WeakMap<File, {address: string, path: string}>} */
  #places = new WeakMap();
  /** @type {WeakMap<File, Archive>} */
  #archives = new WeakMap();
  /** @type {Set<string>} */
  #ends = new Set();

  /**
   * @param {HTMLFormElement} form
   * @param {Sender} sender
   * @param {() => void} began called when the server has made an import
   */
  constructor(form, sender, began) {
    this.#form = form;
    this.#sender = sender;
    this.#began = began;
  }

  /**
   * Say which files will follow; the server answers which of them are to be sent.
   *
   * @param {Dropped[]} dropped
   * @returns {Promise<Announced>}
   */
  async announce(dropped) {
    const listed = JSON.stringify(dropped.map(({ file, path }) => [path, file.size]));
    const { problem, answer } = await this.#ask(this.#form.dataset.files ?? "", { announced: listed });
    if (problem) return { problem };
    const files = answer.send.map((/** @type {[number, string]} */ [number, path]) => {
      const { file } = dropped[number];
      this.#places.set(file, { address: answer.file, path });
      return file;
    });
    if (files.length) this.#ends.add(answer.end);
    this.#began();
    return { files, omitted: answer.left_out };
  }

  /**
   * @param {File} file
   * @param {Options} options
   * @returns {Upload}
   */
  send(file, options) {
    const place = this.#places.get(file);
    if (!place) return this.#sendArchive(file, options.progress);
    const upload = this.#sender.send(file, { ...options, address: place.address, fields: { path: place.path } });
    return { answer: upload.answer.then(judged), abort: upload.abort };
  }

  /** Tell the server that no more will come. */
  end() {
    for (const address of this.#ends) this.#ask(address, {});
    this.#ends.clear();
  }

  /**
   * @param {File} file
   * @param {(share: number) => void} progress
   * @returns {Upload}
   */
  #sendArchive(file, progress) {
    const stopped = new AbortController();
    /** @type {Upload | null} */
    let current = null;
    const sendAll = async () => {
      const { problem = "", archive } = await this.#begun(file);
      if (!archive) return { problem };
      while (archive.sent < file.size && !stopped.signal.aborted) {
        const part = file.slice(archive.sent, archive.sent + archive.part_bytes);
        current = this.#sender.send(part, {
          stay: false,
          address: archive.part,
          fields: { offset: String(archive.sent) },
          progress: (share) => progress((archive.sent + share * part.size) / file.size),
        });
        const answer = await current.answer;
        if (answer.html === undefined) {
          // What has come stays there: trying again goes on from it. Where the server wants no more, it begins anew.
          if (answer.status === 409) this.#archives.delete(file);
          if (!answer.aborted) return answer;
          break;
        }
        archive.sent += part.size;
        if (archive.sent >= file.size) return answer;
      }
      this.#archives.delete(file);
      this.#ask(archive.end, {});
      return { aborted: true };
    };
    const abort = () => {
      stopped.abort();
      current?.abort();
    };
    return { answer: sendAll(), abort };
  }

  /**
   * @param {File} file
   * @returns {Promise<{problem?: string, archive?: Archive}>}
   */
  async #begun(file) {
    const known = this.#archives.get(file);
    if (known) return { archive: known };
    const fields = { name: file.name, n_bytes: String(file.size) };
    const { problem, answer } = await this.#ask(this.#form.dataset.archive ?? "", fields);
    if (problem) return { problem };
    const archive = { ...answer, sent: 0 };
    this.#archives.set(file, archive);
    this.#began();
    return { archive };
  }

  /**
   * @param {string} address
   * @param {Record<string, string>} fields what is said beside that which holds for all
   * @returns {Promise<{problem?: string, answer?: any}>}
   */
  async #ask(address, fields) {
    const body = new FormData(this.#form);
    body.delete("upload");
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    try {
      await tokenIsThere();
      const headers = { "HX-Request": "true", "HX-Current-URL": location.href, ...ownHeaders() };
      const response = await fetch(address, { method: "POST", body, headers });
      const text = await response.text();
      if (response.ok) return { answer: text ? JSON.parse(text) : null };
      if (response.status === 401) announceAnswer(text);
      const sentence = new DOMParser().parseFromString(text, "text/html").querySelector(".message");
      return { problem: sentence?.textContent ?? sentenceFor(response.status) };
    } catch {
      return { problem: SENTENCES.offline };
    }
  }
}

/**
 * What came of a file, by the server's word: one that it does not take has failed for good.
 *
 * @param {Answer} answer
 * @returns {Answer}
 */
function judged(answer) {
  const taken = new DOMParser().parseFromString(answer.html ?? "", "text/html").querySelector("#taken");
  const state = taken instanceof HTMLElement ? taken.dataset.state : "";
  if (state !== "refused" && state !== "skipped") return answer;
  return { problem: taken?.querySelector(".help")?.textContent ?? "", isFinal: true };
}
