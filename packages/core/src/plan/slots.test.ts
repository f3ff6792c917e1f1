import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Span } from './arena.ts';
import { assignSlots } from './slots.ts';

const spans = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 1000 }), fc.nat(20), fc.nat(10))
    .map(([byteLength, first, length]): Span => ({ byteLength, first, last: first + length })),
  { maxLength: 30 },
);

test.prop([spans])('no two spans that are needed at once share a slot, and every slot is large enough', (list) => {
  const { slots, slotOf } = assignSlots(list);
  for (const [i, a] of list.entries()) {
    expect(slots[slotOf[i]!]).toBeGreaterThanOrEqual(a.byteLength);
    for (const [j, b] of list.entries()) {
      if (i < j && slotOf[i] === slotOf[j]) expect(a.last < b.first || b.last < a.first).toBe(true);
    }
  }
});
