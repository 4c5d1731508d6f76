// Photos and archives that are chosen in a field.

/**
 * Take the files that are chosen in a field, also those that were chosen before scripts ran.
 *
 * @param {HTMLInputElement} input
 * @param {(files: FileList) => void} take
 */
export function startChoosing(input, take) {
  const chosen = () => { if (input.files?.length) take(input.files); };
  input.addEventListener("change", chosen);
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  // After Back or a reload the browser may put files there that were sent before.
  if (visit?.type === "navigate") chosen();
}
