/** A stretch of memory that is needed from one step to another. */
export interface Span {
  readonly byteLength: number;
  readonly first: number;
  readonly last: number;
}

/** What places are multiples of: a line of the cache. */
const ALIGNMENT = 64;

/**
 * Places spans in one arena so that none that are needed at once overlap: the largest first, each into the smallest gap that is left
 * beside those already placed. Returns their offsets and the size of the arena.
 *
 * @see Pisarchyk, Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", section 5.2. https://arxiv.org/abs/2001.03288
 */
export function placeInArena(spans: readonly Span[]): { offsets: number[]; byteLength: number } {
  const offsets = new Array<number>(spans.length).fill(0);
  const order = spans.map((_, i) => i).sort((a, b) => spans[b]!.byteLength - spans[a]!.byteLength || spans[a]!.first - spans[b]!.first);
  /** Those already placed, in the order of their offsets. */
  const placed: { offset: number; end: number; first: number; last: number }[] = [];
  let byteLength = 0;
  for (const i of order) {
    const { byteLength: bytes, first, last } = spans[i]!;
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    let end = 0;
    let best = { offset: -1, gap: Infinity };
    for (const other of placed) {
      if (other.last < first || other.first > last) continue;
      const gap = other.offset - end;
      if (gap >= size && gap < best.gap) best = { offset: end, gap };
      end = Math.max(end, other.end);
    }
    const offset = best.offset >= 0 ? best.offset : end;
    offsets[i] = offset;
    byteLength = Math.max(byteLength, offset + size);
    const after = placed.findIndex((other) => other.offset > offset);
    placed.splice(after < 0 ? placed.length : after, 0, { offset, end: offset + size, first, last });
  }
  return { offsets, byteLength };
}
