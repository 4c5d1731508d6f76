// The selection as the server last described it. Each answer replaces the element, so it is looked up anew.

import { unpackState } from "../lib/selection.js";
import { byId } from "../ui/find.js";

export class ServerState {
  /** @param {number} count of superpixels */
  constructor(count) {
    this.count = count;
  }

  /** The packed bits. */
  get packed() {
    return byId("state", HTMLDataElement).value;
  }

  get version() {
    return byId("state", HTMLDataElement).dataset.version ?? "";
  }

  /** What each superpixel is marked as. */
  unpack() {
    return unpackState(this.packed, this.count);
  }
}
