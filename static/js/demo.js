/**
 * The photo on the start page is live as soon as somebody comes near. Until then nothing of that is fetched; without
 * this a click opens the workspace with the thing selected.
 */

import { byId, find } from "./ui/find.js";

/** @import { LivePhoto } from "./demo/live.js" */

const form = byId("demo", HTMLFormElement);
const photo = find(form, ".demo-photo", HTMLButtonElement);
/** @type {Promise<LivePhoto> | null} */
let live = null;

function loaded() {
  live ??= import("./demo/live.js").then((module) => new module.LivePhoto(form));
  return live;
}

for (const type of ["pointerenter", "focus"]) photo.addEventListener(type, loaded, { once: true });
photo.addEventListener("click", async (event) => {
  event.preventDefault();
  (await loaded()).click(event);
});
