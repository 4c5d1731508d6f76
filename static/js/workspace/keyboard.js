// The stage by keyboard: arrow keys walk from region to region, Enter does with the one in focus what a click with the
// tool in hand would do. With Alt, up and down step to the larger and smaller parts around it.

import { whatEnterSends } from "../lib/tools.js";
import { ofThePhoto, TreePart } from "../lib/tree_part.js";
import { announce } from "../ui/messages.js";

/**
 * @import { Tool } from "../lib/tools.js"
 * @import { Walker } from "../lib/walker.js"
 * @import { Viewport } from "../ui/viewport.js"
 * @import { Highlight } from "./highlight.js"
 * @import { ObjectTool } from "./object_tool.js"
 * @import { ServerState } from "./server_state.js"
 */

export class Keyboard {
  #stage;
  #walker;
  #toolbar;
  #objects;
  #highlight;
  #viewport;
  #serverState;
  #perform;
  #size;
  /** @type {TreePart | null} what is in focus in place of the region */
  #part = null;

  /**
   * @param {object} page
   * @param {HTMLElement} page.stage
   * @param {Walker} page.walker
   * @param {{ tool: Tool }} page.toolbar
   * @param {ObjectTool} page.objects
   * @param {Highlight} page.highlight
   * @param {Viewport} page.viewport
   * @param {ServerState} page.serverState
   * @param {(gesture: { tool: string, points: Point[], node?: number }) => void} page.perform
   * @param {{ width: number, height: number }} size of the working copy
   */
  constructor({ stage, walker, toolbar, objects, highlight, viewport, serverState, perform }, size) {
    this.#stage = stage;
    this.#walker = walker;
    this.#toolbar = toolbar;
    this.#objects = objects;
    this.#highlight = highlight;
    this.#viewport = viewport;
    this.#serverState = serverState;
    this.#perform = perform;
    this.#size = size;
    stage.addEventListener("keydown", (event) => this.#keyDown(event));
    stage.addEventListener("focusin", () => this.showFocus());
    stage.addEventListener("focusout", () => highlight.clear());
    // The ring around the stage is for those who come by keys.
    stage.addEventListener("pointerdown", () => stage.classList.add("pointed"), true);
    for (const type of ["keydown", "focusout"]) stage.addEventListener(type, (event) => this.#comeByKeys(event));
  }

  /** Another level is shown. */
  useLevel() {
    this.#part = null;
    this.showFocus();
  }

  /** Show the region in focus, if the stage has the focus by keyboard. */
  showFocus() {
    if (this.#stage.matches(":focus-visible") && this.#walker.region) this.#highlight.focus(this.#members);
  }

  /** The superpixels in focus: of the region, or of the part in its place. */
  get #members() {
    return this.#part ? this.#part.members : this.#walker.members;
  }

  /** @param {Event} event */
  #comeByKeys(event) {
    if (event instanceof KeyboardEvent && !(event.key.startsWith("Arrow") || event.key.startsWith("Page"))) return;
    this.#stage.classList.remove("pointed");
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.#stepInTree(event);
    else if (this.#walker.step(event.key)) this.#walked();
    else if (event.key === "Enter") this.#enter(event);
    else return;
    event.preventDefault();
  }

  #walked() {
    this.#part = null;
    this.#announceRegion();
  }

  /** @param {KeyboardEvent} event */
  #stepInTree(event) {
    const { superpixel, segmentation, cut } = this.#walker;
    if (superpixel === null) {
      this.#walker.start();
      this.#announceRegion();
      return;
    }
    this.#part ??= new TreePart(segmentation, cut);
    this.#part.step(superpixel, event.key === "ArrowUp" ? 1 : -1);
    this.#highlight.focus(this.#members);
    announce(`Part of ${ofThePhoto(this.#part.share)}, ${this.#whatIsSelected()}.`);
  }

  /** @param {KeyboardEvent} event */
  #enter(event) {
    if (event.repeat) return;
    const { point, region, segmentation } = this.#walker;
    const node = this.#part?.node ?? null;
    if (point && region) {
      const held = { shift: event.shiftKey, alt: event.altKey };
      const { tool } = this.#toolbar;
      const sent = tool.shape === "object" ? this.#objects.onEnter(held) : whatEnterSends(tool, held);
      if (node === null) this.#perform({ ...sent, points: [point] });
      else this.#perform({ ...sent, points: [segmentation.inside(this.#members, region.x, region.y)], node });
    } else {
      this.#walker.start();
      this.#announceRegion();
    }
  }

  #announceRegion() {
    const { region } = this.#walker;
    if (!region) return;
    this.#highlight.focus(this.#members);
    const { width, height } = this.#size;
    this.#viewport.reveal(region.x / width, region.y / height);
    const share = (100 * region.area) / (width * height);
    announce(`Region of ${share < 1 ? "under 1" : Math.round(share)}% of the photo, ${this.#whatIsSelected()}.`);
  }

  /** Whether what is in focus is selected. */
  #whatIsSelected() {
    const state = this.#serverState.unpack(), members = this.#members;
    const counts = [0, 1, 2].map((value) => members.filter((s) => state[s] === value).length);
    return ["not selected", "included", "excluded"][counts.indexOf(members.length)] ?? "partly selected";
  }
}
