/**
 * Adding to the collection: files and folders are announced, then sent one by one, two at a time; archives go in parts.
 * Without this the page is a plain form that sends all its files at once.
 */

import { byId, find } from "./ui/find.js";
import { announce } from "./ui/messages.js";
import { startChoosing } from "./uploads/choosing.js";
import { filesOf, startDropping } from "./uploads/dropping.js";
import { UploadList } from "./uploads/list.js";
import { Sender } from "./uploads/sender.js";
import { TaskSender } from "./uploads/task_sender.js";

/** @import { Dropped } from "./uploads/dropping.js" */

const form = byId("add", HTMLFormElement);
const input = find(form, "input[type=file]", HTMLInputElement);
const leftOut = byId("left_out", HTMLElement);
const sender = new TaskSender(form, new Sender(form), () => {
  // From now on it asks for itself.
  htmx.ajax("GET", location.href, { target: "#adding", swap: "outerHTML" });
});
const list = new UploadList(byId("uploads", HTMLElement), sender, () => {
  sender.end();
  input.focus();
});

/** @param {Dropped[]} dropped */
async function take(dropped) {
  const archives = dropped.filter(({ path }) => /^[^/]+\.zip$/i.test(path));
  const others = dropped.filter((one) => !archives.includes(one));
  if (!dropped.length) announce("There are no files in it.", "error");
  if (archives.length) list.add(archives.map(({ file }) => file));
  if (others.length) {
    const { problem, files = [], omitted = [] } = await sender.announce(others);
    if (problem) announce(problem, "error");
    tell(omitted);
    if (files.length) list.add(files);
  }
}

/**
 * Say what is not sent, and why.
 *
 * @param {[path: string, reason: string][]} omitted
 */
function tell(omitted) {
  if (!omitted.length) return;
  leftOut.hidden = false;
  for (const [path, reason] of omitted) {
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = path;
    line.append(name, `: ${reason}`);
    find(leftOut, "ul", HTMLElement).append(line);
  }
  announce(omitted.length === 1 ? "1 is left out: see below why." : `${omitted.length} are left out: see below why.`);
}

startChoosing(input, (files) => {
  const chosen = [...files];
  // Resetting the field empties its list of files; what holds for all stays.
  input.value = "";
  take(chosen.map((file) => ({ file, path: file.name })));
});
startDropping((carried) => filesOf(carried).then(take));
document.addEventListener("paste", ({ clipboardData }) => {
  const pasted = [...(clipboardData?.files ?? [])];
  if (pasted.length) take(pasted.map((file) => ({ file, path: file.name })));
});

// The browser asks in its own words.
addEventListener("beforeunload", (event) => { if (list.isBusy) event.preventDefault(); });
