// What is chosen in the toolbar: the tool, whether it includes or excludes, and whether it works the other way round.

import { readTool } from "../lib/tools.js";
import { find, findAll } from "../ui/find.js";

/** @import { Tool } from "../lib/tools.js" */

export class Toolbar {
  #form;
  #otherWay;

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} otherWay the button that stands for Alt and Shift
   * @param {HTMLElement} unfold the button that shows the tools where they give their room to the stage
   */
  constructor(form, otherWay, unfold) {
    this.#form = form;
    this.#otherWay = otherWay;
    otherWay.addEventListener("click", () => { otherWay.ariaPressed = String(!this.isOtherWay); });
    unfold.addEventListener("click", () => { unfold.ariaExpanded = String(unfold.ariaExpanded !== "true"); });
  }

  /** The tool in hand. */
  get tool() {
    return readTool(find(this.#form, "input[name=pointer]:checked", HTMLInputElement).dataset);
  }

  /** "include" or "exclude". */
  get mode() {
    return find(this.#form, "input[name=mode]:checked", HTMLInputElement).value;
  }

  get isOtherWay() {
    return this.#otherWay.ariaPressed === "true";
  }

  /**
   * Take the tool of a key in hand. False for a key of no tool.
   *
   * @param {string} key
   */
  chooseByKey(key) {
    const inputs = findAll(this.#form, "input[name=pointer]", HTMLInputElement);
    const chosen = inputs.find((input) => input.dataset.key === key);
    chosen?.click();
    return chosen !== undefined;
  }

  switchMode() {
    find(this.#form, "input[name=mode]:not(:checked)", HTMLInputElement).click();
  }
}
