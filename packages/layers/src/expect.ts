import { UsageError } from '@tessera/core';

/** Checks a number of units, filters or groups. */
export function expectCount(layer: string, what: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`[${layer}] ${what} must be a whole number ≥ 1: got ${count}`);
}

/** Checks the sizes of a window. */
export function expectCounts(layer: string, what: string, counts: readonly number[]): void {
  if (!counts.every((count) => Number.isInteger(count) && count >= 1)) {
    throw new UsageError(`[${layer}] ${what} must be whole numbers ≥ 1: got ${counts.join(', ')}`);
  }
}

/** Checks a rate of dropout. */
export function expectRate(layer: string, what: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) throw new UsageError(`[${layer}] ${what} must be from 0 to 1: got ${rate}`);
}
