/**
 * Do something, and note in the browser's timeline how long it took (read by benchmarks/hover.py).
 *
 * @param {string} name
 * @param {() => void} work
 */
export function timed(name, work) {
  const start = performance.now();
  work();
  performance.measure(name, { start });
  // An observer has been told by now; kept, the notes of a long session would fill the memory.
  performance.clearMeasures(name);
}
