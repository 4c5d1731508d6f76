// The selection on the photo: the server's last word as tints, and on top of it, at once, what the waiting gestures
// will do.

import { anticipate, unpackState } from "../lib/selection.js";
import { timed } from "../lib/timing.js";
import { tintUrl } from "../lib/tint.js";
import { byId } from "../ui/find.js";
import { Layer } from "../ui/layer.js";
import { EXCLUDE, EXCLUDED, INCLUDE, INCLUDED } from "./colours.js";

/**
 * @import { Segmentation } from "../lib/segmentation.js"
 * @import { Gesture } from "../lib/selection.js"
 * @import { Look } from "./look.js"
 * @import { OwnColours } from "./own_colours.js"
 * @import { Preview } from "./preview.js"
 * @import { ServerState } from "./server_state.js"
 */

// The preview waits so long for the photo itself to be drawn.
const PREVIEW_DELAY_MS = 30;

export class Tints {
  #layers;
  #layer;
  #ownColours;
  #look;
  #serverState;
  #preview;
  /** @type {Segmentation | null} */
  #segmentation = null;
  /** @type {string | null} the state that the tints show; null when the server has sent others than were drawn here */
  #drawn;
  /** @type {Uint8Array | null} what the anticipation layer shows */
  #anticipated = null;
  #isWaiting = false;
  /** Called when the selection shown has changed. */
  changed = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #previewTimer;

  /**
   * @param {object} page
   * @param {HTMLElement} page.layers
   * @param {HTMLCanvasElement} page.canvas for what is anticipated
   * @param {OwnColours} page.ownColours for both, in that look
   * @param {Look} page.look
   * @param {ServerState} page.serverState
   * @param {Preview} page.preview
   */
  constructor({ layers, canvas, ownColours, look, serverState, preview }) {
    this.#layers = layers;
    this.#layer = new Layer(canvas);
    this.#ownColours = ownColours;
    this.#look = look;
    this.#serverState = serverState;
    this.#preview = preview;
    this.#drawn = serverState.packed;
    preview.show(serverState.unpack(), included().src, { isFinal: true });
  }

  /** @param {Segmentation} segmentation */
  use(segmentation) {
    this.#segmentation = segmentation;
    this.restyle();
  }

  /** Draw once more what is shown: the look has changed, or can be drawn for the first time. */
  restyle() {
    const state = this.#isWaiting && this.#anticipated ? this.#anticipated : this.#serverState.unpack();
    this.#anticipated = null;
    if (!this.#segmentation) return;
    if (this.#isWaiting) this.#drawLayers(this.#segmentation, state);
    else this.#drawOwn(this.#segmentation, state);
  }

  /** What each superpixel is marked as, with what the waiting gestures will do. */
  get stateNow() {
    return (this.#isWaiting ? this.#anticipated : null) ?? this.#serverState.unpack();
  }

  /** Whether tints can be drawn here; otherwise the server must send them. */
  get canDraw() {
    return this.#segmentation !== null;
  }

  /** Whether the server has said something that is not drawn yet. */
  get areStale() {
    return this.#serverState.packed !== this.#drawn;
  }

  /** The server has sent tints of its own. */
  forget() {
    this.#drawn = null;
  }

  /**
   * The server's last word with the waiting gestures on top; nothing to show when none waits.
   *
   * @param {readonly Gesture[]} waiting
   */
  anticipate(waiting) {
    const segmentation = this.#segmentation;
    if (!segmentation) return;
    this.#isWaiting = waiting.length > 0;
    if (this.#isWaiting) {
      timed("anticipation", () => this.#drawAnticipated(segmentation, waiting));
      this.#previewSoon(segmentation);
    } else {
      this.#drawOwn(segmentation, this.#serverState.unpack());
    }
    this.#layers.classList.toggle("anticipating", this.#isWaiting);
    this.changed();
  }

  /**
   * Draw the server's last word, which comes without pictures.
   *
   * @returns {Promise<unknown>} fulfilled when it is ready to be seen
   */
  show() {
    const segmentation = this.#segmentation;
    const state = this.#serverState.unpack();
    const before = this.#drawn === null ? null : unpackState(this.#drawn, state.length);
    const differs = (/** @type {number} */ mark) =>
      !before || state.some((value, s) => (value === mark) !== (before[s] === mark));
    this.#drawn = this.#serverState.packed;
    const [tint, tintExcluded] = [included(), excluded()];
    // Without the label array the answer had to bring the pictures along.
    if (!segmentation) return this.#preview.show(state, tint.src, { isFinal: true });
    timed("tints", () => {
      this.#drawOwn(segmentation, state);
      if (differs(1)) tint.src = tintUrl(segmentation, state, 1, INCLUDED);
      if (differs(2)) tintExcluded.src = tintUrl(segmentation, state, 2, EXCLUDED, { striped: true });
      tintExcluded.hidden = !state.includes(2);
    });
    const preview = this.#preview.show(state, tint.src, { isFinal: true });
    return Promise.allSettled([tint.decode(), tintExcluded.decode(), preview]);
  }

  /**
   * @param {Segmentation} segmentation
   * @param {readonly Gesture[]} waiting
   */
  #drawAnticipated(segmentation, waiting) {
    const state = this.#serverState.unpack();
    for (const gesture of waiting) anticipate(state, segmentation, gesture);
    this.#drawLayers(segmentation, state);
  }

  /**
   * @param {Segmentation} segmentation
   * @param {Uint8Array} state
   */
  #drawLayers(segmentation, state) {
    const before = this.#anticipated ?? new Uint8Array(state.length);
    for (const [value, colour] of [0, this.#look.isOwn ? 0 : INCLUDE, EXCLUDE].entries()) {
      const changed = [];
      for (let s = 0; s < state.length; s++) if (state[s] === value && before[s] !== value) changed.push(s);
      this.#layer.fill(segmentation, changed, colour, { striped: value === 2 });
    }
    this.#layer.show();
    this.#anticipated = state;
    this.#drawOwn(segmentation, state);
  }

  /**
   * @param {Segmentation} segmentation
   * @param {Uint8Array} state
   */
  #drawOwn(segmentation, state) {
    if (this.#look.isOwn) this.#ownColours.draw(segmentation, state);
  }

  /**
   * The preview of what is anticipated, once that is on the photo itself.
   *
   * @param {Segmentation} segmentation
   */
  #previewSoon(segmentation) {
    clearTimeout(this.#previewTimer);
    this.#previewTimer = setTimeout(() => {
      const state = this.#anticipated;
      if (this.#isWaiting && state) this.#preview.show(state, tintUrl(segmentation, state, 1, INCLUDED));
    }, PREVIEW_DELAY_MS);
  }
}

// Answers replace them, so they are looked up anew.
function included() {
  return byId("tint", HTMLImageElement);
}

function excluded() {
  return byId("tint-excluded", HTMLImageElement);
}
