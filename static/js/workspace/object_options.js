// The options of the object tool: whether drags are boxes, and whether they correct the object found last.

import { byId, find } from "../ui/find.js";

const PAIR = /** @type {const} */ (["add", "remove"]);

export class ObjectOptions {
  #element;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    for (const name of PAIR) {
      this.#button(name).addEventListener("click", () => this.#press(name));
    }
  }

  /** Whether a drag is a box, unless Shift is held. */
  get isBox() {
    return find(this.#element, "input[name=drawing]:checked", HTMLInputElement).value === "box";
  }

  /**
   * What a click or stroke is sent as that corrects an object; null where it means another one.
   *
   * @param {{ alt: boolean }} held
   * @returns {{ tool: string, [field: string]: unknown } | null}
   */
  correction({ alt }) {
    const [adds, removes] = PAIR.map((name) => this.#button(name).ariaPressed === "true");
    if (!adds && !removes) return null;
    return { tool: "correct", ...(removes !== alt ? { remove: true } : {}) };
  }

  /** @param {typeof PAIR[number]} name that is pressed: it comes out again by the next press, or by the other one */
  #press(name) {
    for (const each of PAIR) {
      const button = this.#button(each);
      button.ariaPressed = String(each === name && button.ariaPressed !== "true");
    }
  }

  /** @param {string} name */
  #button(name) {
    return byId(`object-${name}`, HTMLButtonElement);
  }
}
