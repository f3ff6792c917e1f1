import { type Shape, UsageError } from '@tessera/core';

/**
 * Stands in shapes of symbolic tensors for the length of an axis that is not known. A power of two, so that arithmetic on it is exact:
 * halved by pooling and doubled by upsampling, it is itself again.
 */
export const UNKNOWN: number = 2 ** 40;

/** Whether the length of an axis is not known: it is {@link UNKNOWN}, or was computed from it. */
export function isUnknown(length: number): boolean {
  return length >= 2 ** 31;
}

/** A shape with `null` for the lengths that are not known. */
export function knownShape(shape: Shape): (number | null)[] {
  return shape.map((length) => (isUnknown(length) ? null : length));
}

/** A length on which it depends how many tensors there will be. @throws UsageError if it is not known. */
export function countable(where: string, length: number): number {
  if (!isUnknown(length)) return length;
  throw new UsageError(
    `[${where}] the number of pieces depends on an axis whose length is not known. Give the length to the input, or cut another axis.`,
  );
}

// Lengths computed from an unknown one are near p/q · 2⁴⁰ with q of the factors 2, 3, 5 and 7, or p/q · 2⁸⁰ for two unknown axes.
const DENOMINATORS = 3 * 3 * 5 * 7;
const RANGES = [
  { from: 2 ** 31, to: 2 ** 64, grain: 2 ** 31 },
  { from: 2 ** 71, to: 2 ** 104, grain: 2 ** 62 },
];

/** Whether any number was computed from an unknown length, which other large ones, such as 1e10, are told apart from. */
export function isComputedFromUnknown(value: number): boolean {
  const size = Math.abs(value);
  return RANGES.some(({ from, to, grain }) => {
    if (!(size >= from && size < to)) return false;
    const parts = (size * DENOMINATORS) / grain;
    return Math.abs(parts - Math.round(parts)) * grain < 2 ** 19;
  });
}
