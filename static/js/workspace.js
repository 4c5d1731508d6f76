// The workspace: shows the region under the pointer and what a gesture will do within a frame, and sends gestures to
// the server one after the other. Without it the page is a plain form around an image button.

import { Segmentation } from "./lib/segmentation.js";
import { timed } from "./lib/timing.js";
import { Walker } from "./lib/walker.js";
import { byId, find, findAll } from "./ui/find.js";
import { announce } from "./ui/messages.js";
import { Viewport } from "./ui/viewport.js";
import { AnticipatedObject } from "./workspace/anticipated_object.js";
import { startButtons } from "./workspace/buttons.js";
import { Connection } from "./workspace/connection.js";
import { Cutout } from "./workspace/cutout.js";
import { DrawnLine } from "./workspace/drawn_line.js";
import { startTelling } from "./workspace/exclude_told.js";
import { Foresight } from "./workspace/foresight.js";
import { Granularity } from "./workspace/granularity.js";
import { Highlight } from "./workspace/highlight.js";
import { KeptGestures } from "./workspace/kept_gestures.js";
import { Keyboard } from "./workspace/keyboard.js";
import { Look } from "./workspace/look.js";
import { ObjectOptions } from "./workspace/object_options.js";
import { ObjectTool } from "./workspace/object_tool.js";
import { OtherTabs } from "./workspace/other_tabs.js";
import { OwnColours } from "./workspace/own_colours.js";
import { Pointer } from "./workspace/pointer.js";
import { Inset } from "./workspace/inset.js";
import { Preview } from "./workspace/preview.js";
import { ServerState } from "./workspace/server_state.js";
import { sharpen } from "./workspace/sharp_photo.js";
import { Shortcuts } from "./workspace/shortcuts.js";
import { Tints } from "./workspace/tints.js";
import { Toolbar } from "./workspace/toolbar.js";

/** @import { Gesture } from "./lib/selection.js" */

const form = byId("workspace", HTMLFormElement);
const stage = byId("stage", HTMLElement);
const channel = byId("channel", HTMLElement);
const layers = find(stage, ".layers", HTMLElement);
const range = find(form, "input[name=level]", HTMLInputElement);
const size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };

const serverState = new ServerState(Number(range.max));
const highlight = new Highlight(
  byId("hover", HTMLCanvasElement), byId("draft", SVGPolygonElement), byId("closing", SVGPolylineElement),
);
const preview = new Preview({
  element: byId("preview", HTMLElement),
  layers: find(byId("preview", HTMLElement), ".layers", HTMLElement),
  portion: byId("portion", HTMLElement),
  inPlace: find(byId("in-place", HTMLElement), "img", HTMLElement),
  fit: byId("fit", HTMLInputElement),
  background: byId("background", HTMLSelectElement),
  matteUrl: form.dataset.matteUrl ?? "",
  inset: new Inset(byId("cutout", HTMLElement), stage, layers),
}, size);
const look = new Look(form, byId("looks", HTMLDetailsElement));
const tints = new Tints({
  layers,
  canvas: byId("anticipation", HTMLCanvasElement),
  ownColours: new OwnColours(layers, [byId("own", HTMLCanvasElement), byId("own-grey", HTMLCanvasElement)]),
  look,
  serverState,
  preview,
});
look.onChange(() => tints.restyle());
const connection = new Connection({
  form,
  channel,
  tryAgain: byId("try-again", HTMLElement),
  stage,
  tints,
  kept: new KeptGestures(form.dataset.labelMap ?? ""),
});
const otherTabs = new OtherTabs({ form, channel, serverState, connection, tints });
const viewport = new Viewport(layers, (scale) => {
  byId("zoom", HTMLElement).textContent = `${Math.round(scale * 100)}%`;
});
const toolbar = new Toolbar(form, byId("other-way", HTMLElement), byId("show-tools", HTMLElement));
const granularity = new Granularity({
  range,
  outline: byId("outline", HTMLImageElement),
  outlineUrl: form.dataset.outlineUrl ?? "",
});

const anticipatedObject = new AnticipatedObject({
  outline: byId("anticipated", SVGGElement),
  url: form.dataset.objectUrl ?? "",
  labelMap: form.dataset.labelMap ?? "",
  complete,
});

/**
 * @param {{ tool: string, points?: Point[], [field: string]: unknown }} gesture
 * @returns {Gesture}
 */
function complete(gesture) {
  return { mode: toolbar.mode, level: granularity.level, ...gesture };
}

/** @param {{ tool: string, points?: Point[], [field: string]: unknown }} gesture */
function perform(gesture) {
  otherTabs.giveUp();
  if (!["object", "correct"].includes(gesture.tool)) anticipatedObject.drop();
  return connection.push(complete(gesture));
}

const foresight = new Foresight({
  stage, highlight, label: byId("part-size", HTMLElement), toolbar, stateNow: () => tints.stateNow,
});
const objects = new ObjectTool({
  options: new ObjectOptions(byId("object-options", HTMLElement)),
  line: new DrawnLine(byId("drawing", SVGGElement)),
  anticipated: anticipatedObject,
  scale: () => layers.getBoundingClientRect().width / size.width,
  perform,
  clearHover: () => highlight.clear(),
  meant: (point) => foresight.around(point),
});
tints.changed = () => foresight.refresh();
form.addEventListener("change", () => foresight.refresh());
const pointer = new Pointer({
  stage,
  viewport,
  toolbar,
  objects,
  perform,
  sketch: (sketch) => {
    if (sketch) foresight.pause();
    highlight.sketch(sketch);
  },
  around: (point) => foresight.around(point),
  step: (event) => foresight.turn(pointer.pointOf(event), event),
}, size);
stage.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "touch" && !pointer.draft) foresight.hover(pointer.pointOf(event), event);
});
stage.addEventListener("pointerleave", () => {
  if (pointer.draft) return;
  foresight.leave();
  highlight.clear();
});
startButtons({ form, share: byId("share", HTMLElement), connection, viewport, perform });
new Shortcuts({ toolbar, granularity, viewport, perform, cutout: new Cutout(byId("splitter", HTMLElement)) });
startTelling(byId("exclude-told", HTMLElement), form);
sharpen(findAll(form, "picture > img", HTMLImageElement));

/**
 * Follow the pointer, the keyboard and the slider, now that it is known where the superpixels lie.
 *
 * @param {Segmentation} segmentation
 */
function follow(segmentation) {
  const walker = new Walker(segmentation, segmentation.cut(granularity.level));
  const keyboard = new Keyboard({ stage, walker, toolbar, objects, highlight, viewport, serverState, perform }, size);
  const useLevel = () => {
    timed("level", () => {
      const cut = segmentation.cut(granularity.level);
      walker.use(cut);
      highlight.use({ segmentation, cut });
      highlight.clear();
      foresight.use(segmentation, granularity.level);
      keyboard.useLevel();
    });
    granularity.prefetch();
  };
  range.addEventListener("input", useLevel);
  useLevel();
  tints.use(segmentation);
  preview.use(segmentation);
  anticipatedObject.use(segmentation);
}

/** @param {string | undefined} url of an array of 16-bit numbers */
async function numbers(url = "") {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint16Array(await answer.arrayBuffer());
}

try {
  const { labelsUrl, treeUrl, coloursUrl } = form.dataset;
  const [labels, parents] = await Promise.all([numbers(labelsUrl), numbers(treeUrl)]);
  const segmentation = new Segmentation(labels, parents, size.width, size.height);
  follow(segmentation);
  // Only Grow needs them, and until then the server's answer corrects what is anticipated.
  numbers(coloursUrl).then((words) => {
    segmentation.colours = new Int16Array(words.buffer);
    foresight.refresh();
  }).catch(() => {});
  form.dataset.ready = "";
  // A page that the browser kept from an earlier visit may show the selection of then.
  const [visit] = performance.getEntriesByType("navigation");
  if (visit instanceof PerformanceNavigationTiming && visit.type === "back_forward") otherTabs.look();
} catch {
  announce("The outlines cannot follow the pointer: they did not load. Clicking works all the same.", "error");
}
try {
  await connection.resume();
} catch {
  // No connection: what is kept stays until the page is opened again.
}
