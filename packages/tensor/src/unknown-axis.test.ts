import { describe, expect, test } from 'vitest';
import { isComputedFromUnknown, isUnknown, knownShape, UNKNOWN } from './unknown-axis.ts';

describe('the length of an unknown axis', () => {
  test('stays unknown when it is halved, doubled, cut and multiplied', () => {
    expect([UNKNOWN, UNKNOWN / 16, UNKNOWN * 3, UNKNOWN - 5, UNKNOWN ** 2].every(isUnknown)).toBe(true);
    expect(knownShape([UNKNOWN, 28, 28])).toEqual([null, 28, 28]);
  });

  test('is known again among numbers, also when something was computed from it', () => {
    for (const length of [1, 2 ** -8, 3 / 7, 224 * 224 * 3, UNKNOWN * 512].map((factor) => UNKNOWN * factor)) {
      expect(isComputedFromUnknown(length)).toBe(true);
      expect(isComputedFromUnknown(1 - Math.floor(length))).toBe(true);
    }
  });

  test('is told apart from other large numbers', () => {
    for (let digits = 0; digits <= 38; digits++) expect(isComputedFromUnknown(-(10 ** digits))).toBe(false);
    for (const value of [0.5, 2 ** 24, 3e9, 6.02214076e23, 3.4028234663852886e38, Infinity, Number.NaN]) {
      expect(isComputedFromUnknown(value)).toBe(false);
    }
  });
});
