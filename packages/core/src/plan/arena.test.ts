import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { placeInArena, type Span } from './arena.ts';

const spans = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 1000 }), fc.nat(20), fc.nat(10))
    .map(([byteLength, first, length]): Span => ({ byteLength, first, last: first + length })),
  { maxLength: 30 },
);

test.prop([spans])('no two spans that are needed at once overlap, and all are inside', (list) => {
  const { offsets, byteLength } = placeInArena(list);
  for (const [i, a] of list.entries()) {
    expect(offsets[i]! % 64).toBe(0);
    expect(offsets[i]! + a.byteLength).toBeLessThanOrEqual(byteLength);
    for (const [j, b] of list.entries()) {
      const atOnce = a.first <= b.last && b.first <= a.last;
      if (i < j && atOnce) expect(offsets[i]! + a.byteLength <= offsets[j]! || offsets[j]! + b.byteLength <= offsets[i]!).toBe(true);
    }
  }
});

it('takes no more than what is needed at once where sizes fit', () => {
  const chain = [128, 256, 64, 192].map((byteLength, at): Span => ({ byteLength, first: at, last: at + 1 }));
  expect(placeInArena(chain).byteLength).toBe(128 + 256);
});

it('takes the smallest gap that is left', () => {
  // The first and the third are gone when the last is needed.
  const sizes = [640, 640, 576, 576];
  const before = sizes.map((byteLength, i): Span => ({ byteLength, first: 0, last: i % 2 ? 2 : 0 }));
  const { offsets, byteLength } = placeInArena([...before, { byteLength: 500, first: 1, last: 2 }]);
  expect(offsets).toEqual([0, 640, 1280, 1856, 1280]);
  expect(byteLength).toBe(1856 + 576);
});
