/** What one contender's rounds come to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Half of the middle half's width, relative to the median: how far a usual round is from it. */
  readonly spread: number;
}

/**
 * The value below which a share of the values lies, interpolated between the two nearest.
 *
 * @param share from 0 to 1
 * @throws RangeError without values
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('There are no values');
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function summarize(values: readonly number[]): Summary {
  const middle = median(values);
  const width = quantile(values, 0.75) - quantile(values, 0.25);
  return {
    median: middle,
    min: quantile(values, 0),
    max: quantile(values, 1),
    spread: middle === 0 ? 0 : width / 2 / middle,
  };
}

/**
 * The median of the ratios of each round, in which both ran shortly after each other: what made the whole machine slower
 * for a while is in both and cancels out.
 *
 * @throws RangeError when the contenders did not run equally often
 */
export function pairedRatio(values: readonly number[], floor: readonly number[]): Summary {
  if (values.length !== floor.length) throw new RangeError('Both need the same number of rounds');
  return summarize(values.map((value, round) => value / (floor[round] ?? Number.NaN)));
}

/**
 * The ratio of the fastest rounds, with the range of all: for what takes a few milliseconds of one thread, of which other
 * programs take none in the fastest round.
 *
 * @throws RangeError when the contenders did not run equally often
 */
export function fastestRatio(values: readonly number[], floor: readonly number[]): Summary {
  return { ...pairedRatio(values, floor), median: Math.min(...values) / Math.min(...floor) };
}

/** The items in another order. @param random gives numbers from 0 up to 1 */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
