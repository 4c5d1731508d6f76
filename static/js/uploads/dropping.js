// What is dropped on a page: files, and folders with all in them.

/**
 * @typedef {object} Dropped
 * @property {File} file
 * @property {string} path within what was dropped
 */

/**
 * Call a function with what is dropped anywhere on the page.
 *
 * @param {(carried: DataTransfer) => void} take
 */
export function startDropping(take) {
  const dragging = (/** @type {boolean} */ on) => document.documentElement.classList.toggle("dragging", on);
  const carries = (/** @type {DragEvent} */ event, /** @type {string} */ type) =>
    event.dataTransfer?.types.includes(type) ?? false;
  const isOurs = (/** @type {DragEvent} */ event) => carries(event, "Files") || carries(event, "text/uri-list");

  document.addEventListener("dragover", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    dragging(carries(event, "Files"));
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) dragging(false);
  });
  document.addEventListener("drop", (event) => {
    dragging(false);
    if (!event.dataTransfer || !isOurs(event)) return;
    event.preventDefault();
    take(event.dataTransfer);
  });
}

/**
 * All files of what was dropped, those in folders as well. Must be called while the event is handled: after that the
 * browser tells nothing more.
 *
 * @param {DataTransfer} carried
 * @returns {Promise<Dropped[]>}
 */
export async function filesOf(carried) {
  const entries = [...carried.items].map((item) => item.webkitGetAsEntry());
  const files = [...carried.files];
  if (!entries.some((entry) => entry?.isDirectory)) return files.map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) if (entry) found.push(...(await walk(entry)));
  return found;
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Dropped[]>}
 */
async function walk(entry) {
  // By what they say: Chromium has no names for the classes of entries.
  if (entry.isDirectory) {
    const found = [];
    const folder = /** @type {FileSystemDirectoryEntry} */ (entry);
    for (const inner of await listed(folder)) found.push(...(await walk(inner)));
    return found;
  }
  const { fullPath } = entry;
  const leaf = /** @type {FileSystemFileEntry} */ (entry);
  /** @type {File} */
  const file = await new Promise((resolve, reject) => { leaf.file(resolve, reject); });
  return [{ file, path: fullPath.replace(/^\/+/, "") }];
}

/**
 * What is in a folder: browsers tell a hundred at a time.
 *
 * @param {FileSystemDirectoryEntry} folder
 */
async function listed(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return all;
    all.push(...some);
  }
}
