// The stage by keyboard: arrow keys walk from region to region, Enter does with the one in focus what a click with the
// tool in hand would do.

import { whatEnterSends } from "../lib/tools.js";
import { announce } from "../ui/messages.js";

/**
 * @import { Tool } from "../lib/tools.js"
 * @import { Walker } from "../lib/walker.js"
 * @import { Viewport } from "../ui/viewport.js"
 * @import { Highlight } from "./highlight.js"
 * @import { ServerState } from "./server_state.js"
 */

export class Keyboard {
  #stage;
  #walker;
  #toolbar;
  #highlight;
  #viewport;
  #serverState;
  #perform;
  #size;

  /**
   * @param {object} page
   * @param {HTMLElement} page.stage
   * @param {Walker} page.walker
   * @param {{ tool: Tool }} page.toolbar
   * @param {Highlight} page.highlight
   * @param {Viewport} page.viewport
   * @param {ServerState} page.serverState
   * @param {(gesture: { tool: string, points: Point[] }) => void} page.perform
   * @param {{ width: number, height: number }} size of the working copy
   */
  constructor({ stage, walker, toolbar, highlight, viewport, serverState, perform }, size) {
    this.#stage = stage;
    this.#walker = walker;
    this.#toolbar = toolbar;
    this.#highlight = highlight;
    this.#viewport = viewport;
    this.#serverState = serverState;
    this.#perform = perform;
    this.#size = size;
    stage.addEventListener("keydown", (event) => this.#keyDown(event));
    stage.addEventListener("focusin", () => this.showFocus());
    stage.addEventListener("focusout", () => highlight.clear());
  }

  /** Show the region in focus, if the stage has the focus by keyboard. */
  showFocus() {
    if (this.#stage.matches(":focus-visible") && this.#walker.region) this.#highlight.focus(this.#walker.members);
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey || event.metaKey) return;
    if (this.#walker.step(event.key)) this.#announceRegion();
    else if (event.key === "Enter") this.#enter(event);
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #enter(event) {
    if (event.repeat) return;
    const { point } = this.#walker;
    if (point) {
      const held = { shift: event.shiftKey, alt: event.altKey };
      this.#perform({ ...whatEnterSends(this.#toolbar.tool, held), points: [point] });
    } else {
      this.#walker.start();
      this.#announceRegion();
    }
  }

  #announceRegion() {
    const { region, members } = this.#walker;
    if (!region) return;
    this.#highlight.focus(members);
    const { width, height } = this.#size;
    this.#viewport.reveal(region.x / width, region.y / height);
    const state = this.#serverState.unpack();
    const counts = [0, 1, 2].map((value) => members.filter((s) => state[s] === value).length);
    const what = ["not selected", "included", "excluded"][counts.indexOf(members.length)] ?? "partly selected";
    const share = (100 * region.area) / (width * height);
    announce(`Region of ${share < 1 ? "under 1" : Math.round(share)}% of the photo, ${what}.`);
  }
}
