// Whole numbers on a logarithmic scale, as stops of a slider.

/**
 * About `count` whole numbers from `low` to `high`, each the same factor above the one before.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} [count]
 */
export function logStops(low, high, count = 24) {
  /** @type {Set<number>} */
  const stops = new Set();
  for (let i = 0; i < count; i++) stops.add(Math.round(low * (high / low) ** (i / (count - 1))));
  return [...stops];
}

export class LogScale {
  /**
   * @param {number} low
   * @param {number} high
   */
  constructor(low, high) {
    this.low = low;
    this.high = high;
    this.stops = logStops(low, high);
  }

  /**
   * Where a value lies, from 0 at the low end to 1 at the high one.
   *
   * @param {number} value
   */
  share(value) {
    return this.high > this.low ? Math.log(value / this.low) / Math.log(this.high / this.low) : 1;
  }

  /**
   * The stop nearest to a share of the scale.
   *
   * @param {number} share
   */
  at(share) {
    const wanted = this.low * (this.high / this.low) ** share;
    const distance = (/** @type {number} */ stop) => Math.abs(Math.log(stop / wanted));
    return this.stops.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  }

  /**
   * The first stop above a value; none at the high end.
   *
   * @param {number} value
   */
  above(value) {
    return this.stops.find((stop) => stop > value);
  }

  /**
   * The last stop below a value; none at the low end.
   *
   * @param {number} value
   */
  below(value) {
    return this.stops.findLast((stop) => stop < value);
  }
}
