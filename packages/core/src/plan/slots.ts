import type { Span } from './arena.ts';

/**
 * Gives spans that are not needed at once the same slot: in the order in which they are first written, each takes the free slot that
 * fits best, or else the largest free one grown to its size, or else a new one. Returns the slots' sizes and each span's slot.
 *
 * @see Pisarchyk, Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", section 4. https://arxiv.org/abs/2001.03288
 */
export function assignSlots(spans: readonly Span[]): { slots: number[]; slotOf: number[] } {
  const slots: number[] = [];
  const freeFrom: number[] = [];
  const slotOf = new Array<number>(spans.length);
  const order = spans.map((_, i) => i).sort((a, b) => spans[a]!.first - spans[b]!.first);
  for (const i of order) {
    const { byteLength, first, last } = spans[i]!;
    const free = slots.flatMap((bytes, slot) => (freeFrom[slot]! < first ? [{ slot, bytes }] : []));
    const fitting = free.filter(({ bytes }) => bytes >= byteLength).sort((a, b) => a.bytes - b.bytes)[0];
    const chosen = fitting ?? free.sort((a, b) => b.bytes - a.bytes)[0];
    const slot = chosen ? chosen.slot : slots.push(0) - 1;
    slots[slot] = Math.max(slots[slot]!, byteLength);
    freeFrom[slot] = last;
    slotOf[i] = slot;
  }
  return { slots, slotOf };
}
