import { indexable } from './axes.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import type { Runtime } from './runtime.ts';

/** What lanes of entries are made of: `entry(lane, i)` gives a key and a place; parameters lie from `at` on. */
export interface Source {
  readonly key: string;
  readonly bindings: readonly Binding[];
  declare(at: number): string;
  readonly buffers: readonly GpuBuffer[];
  readonly words: readonly number[];
}

/** Sorted entries, the first of each lane `stride` behind those of the one before. */
export interface Entries {
  readonly buffer: GpuBuffer;
  readonly stride: number;
}

const WORKGROUP = 64;
/** Invocations that sort a block in workgroup memory, and the entries of one: 16 KiB. */
const TEAM = 256;
const BLOCK = 2048;
/** Up to how many entries the place of each is counted: one of each invocation is compared with all. */
const SHORT = 128;

const after: string = `fn after(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }`;
const writes: Binding = { name: 'E', type: 'vec2<u32>', writes: true };

/** Compares those of the block that are `j` apart, and lets them rise where `rising`, of `i`, says so. */
const exchange = (size: string, rising: string): string => `workgroupBarrier();
    for (var p = l; p < ${size} / 2u; p = p + ${TEAM}u) {
      let i = 2u * p - (p & (j - 1u));
      let a = block[i];
      let b = block[i + j];
      if (after(a, b) == (${rising})) { block[i] = b; block[i + j] = a; }
    }`;

/**
 * Sorts lanes of entries by key, and entries of one key by their place; of the first `wanted` of each lane at least.
 *
 * @see Batcher 1968, "Sorting Networks and their Applications": blocks are sorted in workgroup memory, then merged by passes over all.
 */
export function sortEntries(runtime: Runtime, source: Source, lanes: number, length: number, wanted: number = length): Entries {
  if (length <= SHORT) return countPlaces(runtime, source, lanes, length);
  let from = source;
  let count = length;
  // Where few are wanted, those of each block are all that matters.
  while (count > BLOCK && wanted <= BLOCK / 4) {
    const blocks = Math.ceil(count / BLOCK);
    const buffer = sortBlocks(runtime, from, { lanes, count, blocks, size: BLOCK, keep: wanted });
    count = blocks * wanted;
    from = entriesOf(buffer, count);
  }
  const padded = 2 ** Math.ceil(Math.log2(count));
  const size = Math.min(BLOCK, padded);
  indexable('sort', [lanes, padded]);
  const buffer = sortBlocks(runtime, from, { lanes, count, blocks: padded / size, size, keep: size });
  const all = lanes * padded;
  const pass = runtime.program('sort|pass', () => ({
    bindings: [writes],
    words: 4,
    workgroup: WORKGROUP,
    declarations: after,
    main: `  if (t >= ${word(1)}) { return; }
  let j = ${word(3)};
  let i = 2u * t - (t & (j - 1u));
  let a = E[i];
  let b = E[i + j];
  if (after(a, b) == ((i & ${word(2)}) == 0u)) { E[i] = b; E[i + j] = a; }`,
  }));
  const merge = runtime.program('sort|merge', () => ({
    bindings: [writes],
    words: 4,
    workgroup: TEAM,
    declarations: `${after}\nvar<workgroup> block: array<vec2<u32>, ${BLOCK}>;`,
    main: `  if (g >= ${word(1)}) { return; }
  let first = g * ${BLOCK}u;
  for (var i = l; i < ${BLOCK}u; i = i + ${TEAM}u) { block[i] = E[first + i]; }
  for (var j = ${BLOCK / 2}u; j > 0u; j = j >> 1u) {
    ${exchange(`${BLOCK}u`, `(first & ${word(2)}) == 0u`)}
  }
  workgroupBarrier();
  for (var i = l; i < ${BLOCK}u; i = i + ${TEAM}u) { E[first + i] = block[i]; }`,
  }));
  for (let k = 2 * size; k <= padded; k *= 2) {
    // The last blocks are whole lanes, which all rise.
    const bit = k === padded ? 0 : k;
    for (let j = k / 2; j >= size; j /= 2) runtime.run(pass, [buffer], [all / 2, bit, j], Math.ceil(all / 2 / WORKGROUP));
    runtime.run(merge, [buffer], [all / size, bit], all / size);
  }
  return { buffer, stride: padded };
}

/** Entries that are there already. */
function entriesOf(buffer: GpuBuffer, stride: number): Source {
  return {
    key: 'entries',
    bindings: [{ name: 'F', type: 'vec2<u32>' }],
    declare: (at) => `fn entry(lane: u32, i: u32) -> vec2<u32> { return F[lane * ${word(at)} + i]; }`,
    buffers: [buffer],
    words: [stride],
  };
}

function countPlaces(runtime: Runtime, source: Source, lanes: number, length: number): Entries {
  const buffer = runtime.temporary(lanes * length * 8);
  const program = runtime.program(`sort|places|${source.key}`, () => ({
    bindings: [...source.bindings, writes],
    words: 3 + source.words.length,
    workgroup: WORKGROUP,
    declarations: `${after}\n${source.declare(3)}`,
    main: `  if (t >= ${word(1)} * ${word(2)}) { return; }
  let lane = t / ${word(2)};
  let own = entry(lane, t % ${word(2)});
  var place = 0u;
  for (var i = 0u; i < ${word(2)}; i++) { place = place + select(0u, 1u, after(own, entry(lane, i))); }
  E[lane * ${word(2)} + place] = own;`,
  }));
  runtime.run(program, [...source.buffers, buffer], [lanes, length, ...source.words], Math.ceil((lanes * length) / WORKGROUP));
  return { buffer, stride: length };
}

/** Sorts blocks of lanes, every second one falling where all of it is kept, and keeps the first of each. */
function sortBlocks(
  runtime: Runtime,
  source: Source,
  { lanes, count, blocks, size, keep }: Readonly<Record<'lanes' | 'count' | 'blocks' | 'size' | 'keep', number>>,
): GpuBuffer {
  const buffer = runtime.temporary(lanes * blocks * keep * 8);
  const program = runtime.program(`sort|blocks|${source.key}`, () => ({
    bindings: [...source.bindings, writes],
    words: 6 + source.words.length,
    workgroup: TEAM,
    declarations: `${after}\n${source.declare(6)}\nvar<workgroup> block: array<vec2<u32>, ${BLOCK}>;`,
    main: `  if (g >= ${word(1)} * ${word(3)}) { return; }
  let size = ${word(4)};
  let at = g % ${word(3)};
  for (var i = l; i < size; i = i + ${TEAM}u) {
    block[i] = vec2<u32>(0xffffffffu);
    if (at * size + i < ${word(2)}) { block[i] = entry(g / ${word(3)}, at * size + i); }
  }
  let falls = ${word(5)} == size && (at & 1u) == 1u;
  for (var k = 2u; k <= size; k = k << 1u) {
    for (var j = k >> 1u; j > 0u; j = j >> 1u) {
    ${exchange('size', '((i & k) == 0u) != (falls && k == size)')}
    }
  }
  workgroupBarrier();
  for (var i = l; i < ${word(5)}; i = i + ${TEAM}u) { E[g * ${word(5)} + i] = block[i]; }`,
  }));
  runtime.run(program, [...source.buffers, buffer], [lanes, count, blocks, size, keep, ...source.words], lanes * blocks);
  return buffer;
}
