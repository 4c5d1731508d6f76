// How the selection is shown on the photo: a choice that takes effect at once and that a cookie remembers.

import { find, findAll } from "../ui/find.js";

export class Look {
  #form;
  #changed = () => {};

  /**
   * @param {HTMLElement} form which says the look to the style sheets
   * @param {HTMLDetailsElement} menu whose links choose it, by other pages where there is no script
   */
  constructor(form, menu) {
    this.#form = form;
    const links = findAll(menu, "a[data-look]", HTMLAnchorElement);
    for (const link of links) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const { look = "" } = link.dataset;
        form.dataset.look = look;
        document.cookie = (form.dataset.lookCookie ?? "").replace("{look}", look);
        for (const other of links) other.ariaCurrent = other === link ? "true" : null;
        menu.open = false;
        find(menu, "summary", HTMLElement).focus();
        this.#changed();
      });
    }
  }

  /** @param {() => void} changed what to do when another look is chosen */
  onChange(changed) {
    this.#changed = changed;
  }

  /** Whether what is included keeps its own colours. */
  get isOwn() {
    return this.#form.dataset.look === "own";
  }
}
