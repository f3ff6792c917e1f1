/** Sums over units go in parts with accumulators of their own: how many units each has, and how many parts there are. */
export interface Parts {
  readonly parts: number;
  readonly per: number;
}

/** Elements that a part has at least. */
const PART = 2 ** 15;

/** What follows from shapes alone: parts that are put together in order give the same bits for any number of threads. */
export function partsOf(units: number, elementsEach: number, most = 32): Parts {
  const wanted = Math.min(most, units, Math.max(1, Math.floor((units * elementsEach) / PART)));
  const per = Math.ceil(units / wanted);
  return { parts: Math.ceil(units / per), per };
}
