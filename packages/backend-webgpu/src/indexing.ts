import { isFloat, type Kernels, type Operand, type ScatterMode, sizeOf } from '@tessera/core';
import { bitsOf } from './bits.ts';
import { indexable } from './axes.ts';
import { bufferOf, numbers, raw } from './cells.ts';
import { materialize } from './fill.ts';
import { mapElements } from './map.ts';
import { word } from './program.ts';
import { lanesOf } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { bitPlace, loadElement, type Scalar } from './wgsl/elements.ts';

const WORKGROUP = 64;

/** The index at a place counted from the front, in `index`; `inside` tells whether there is such an element. */
const indexAt = (place: string, length: string): string => `let given = I[${place}];
    let index = bitcast<u32>(select(given, given + i32(${length}), given < 0));
    let inside = index < ${length};`;

const combine: { readonly [K in ScatterMode]: (scalar: Scalar) => string } = {
  set: () => 'update',
  // Of bools, that one of them is true.
  add: (scalar) => (scalar === 'u32' ? 'old | update' : 'old + update'),
  max: (scalar) => (scalar === 'f32' ? 'greater(old, update)' : 'max(old, update)'),
  min: (scalar) => (scalar === 'f32' ? 'lesser(old, update)' : 'min(old, update)'),
};

export function indexing(runtime: Runtime): Pick<Kernels, 'gather' | 'scatter' | 'sort'> {
  const gather: Kernels['gather'] = ([x, indices], { axis }, [y]) => {
    const [from, to] = [raw(x), raw(y)];
    const size = indexable('gather', to.view.shape);
    if (size === 0) return;
    const per = 4 / from.bytes;
    const missing = bitsOf(isFloat(x.dtype) ? NaN : 0, x.dtype);
    const inner = sizeOf(from.view.shape.slice(axis + 1));
    const count = sizeOf(indices.view.shape);
    const words = [size, x.view.shape[axis], count, inner, from.view.offset, indices.view.offset, missing[0], missing[1] ?? missing[0]];
    const program = runtime.program(`gather|${from.bytes}`, () => ({
      bindings: [
        { name: 'X', type: 'u32' },
        { name: 'I', type: 'i32' },
        { name: 'Y', type: 'u32', writes: true },
      ],
      words: 9,
      workgroup: WORKGROUP,
      main: `  if (t * ${per}u >= ${word(1)}) { return; }
  var value = 0u;
  for (var j = 0u; j < ${per}u; j++) {
    let i = t * ${per}u + j;
    if (i >= ${word(1)}) { break; }
    let block = i / (${word(3)} * ${word(4)});
    let rest = i % (${word(3)} * ${word(4)});
    ${indexAt(`${word(6)} + rest / ${word(4)}`, word(2))}
    var element = select(${word(7)}, ${word(8)}, (i & 1u) == 1u);
    if (inside) {
      let at = ${word(5)} + (block * ${word(2)} + index) * ${word(4)} + rest % ${word(4)};
      element = ${loadElement('X', 'at', from.bytes)};
    }
    value = value | (element << (j * ${from.bytes * 8}u));
  }
  Y[t] = value;`,
    }));
    const buffers = [materialize(runtime, from.buffer), materialize(runtime, bufferOf(indices)), to.buffer];
    runtime.run(program, buffers, words, Math.ceil(size / per / WORKGROUP));
  };

  /** Updates in index order: an invocation has a whole column of the output, or where bytes share words some whole words. */
  const scatter: Kernels['scatter'] = ([x, indices, updates], { axis, mode }, [y]) => {
    const { scalar, bytes } = numbers(x);
    const from = raw(x);
    const to = raw(y);
    const size = indexable('scatter', to.view.shape);
    indexable('scatter', updates.view.shape);
    if (size === 0) return;
    mapElements(runtime, 'copy', to.view.shape, [from], [{ ...to, offset: 0 }], ([v]) => ({ results: [v] }));
    const count = sizeOf(indices.view.shape);
    if (count === 0) return;
    const { lanes: columns, length, step: inner } = lanesOf(x.view.shape, axis);
    const words = [columns, length, count, inner, indices.view.offset, updates.view.offset, size];
    const type = bytes === 4 ? scalar : 'u32';
    const program = runtime.program(`scatter|${mode}|${scalar}${bytes}`, () => ({
      bindings: [
        { name: 'I', type: 'i32' },
        { name: 'U', type },
        { name: 'Y', type, writes: true },
      ],
      words: 8,
      workgroup: WORKGROUP,
      main: bytes === 4 ? columnMain(mode, scalar) : wordMain(mode, scalar, bytes as 1),
    }));
    const buffers = [materialize(runtime, bufferOf(indices)), materialize(runtime, bufferOf(updates)), to.buffer];
    runtime.run(program, buffers, words, Math.ceil((bytes === 4 ? columns : size / 4) / WORKGROUP));
  };

  return { gather, scatter, sort: (...call) => sort(runtime, ...call) };
}

const columnMain = (mode: ScatterMode, scalar: Scalar): string => `  if (t >= ${word(1)}) { return; }
  let block = t / ${word(4)};
  let lane = t % ${word(4)};
  for (var k = 0u; k < ${word(3)}; k++) {
    ${indexAt(`${word(5)} + k`, word(2))}
    if (!inside) { continue; }
    let at = (block * ${word(2)} + index) * ${word(4)} + lane;
    let old = Y[at];
    let update = U[${word(6)} + (block * ${word(3)} + k) * ${word(4)} + lane];
    Y[at] = ${combine[mode](scalar)};
  }`;

const wordMain = (mode: ScatterMode, scalar: Scalar, bytes: 1): string => `  if (t * 4u >= ${word(7)}) { return; }
  var value = Y[t];
  for (var e = t * 4u; e < min(t * 4u + 4u, ${word(7)}); e++) {
    let lane = e % ${word(4)};
    let row = e / ${word(4)} % ${word(2)};
    let block = e / ${word(4)} / ${word(2)};
    var old = (value >> ${bitPlace('e', bytes)}) & 0xffu;
    for (var k = 0u; k < ${word(3)}; k++) {
      ${indexAt(`${word(5)} + k`, word(2))}
      if (!inside || index != row) { continue; }
      let at = ${word(6)} + (block * ${word(3)} + k) * ${word(4)} + lane;
      let update = ${loadElement('U', 'at', bytes)};
      old = ${combine[mode](scalar)};
    }
    value = (value & ~(0xffu << ${bitPlace('e', bytes)})) | (old << ${bitPlace('e', bytes)});
  }
  Y[t] = value;`;

/** From how many elements on lanes are sorted in passes; shorter ones by counting, for each element, what comes before it. */
const LONG = 2048;

/** Words whose order is that of the elements, with NaN the greatest and −0 equal to 0. */
const sortKey = (scalar: Scalar, descending: boolean): string => {
  const rising =
    scalar === 'f32'
      ? `let b = bitcast<u32>(v);
  var key = select(b | 0x80000000u, ~b, isNegative(v));
  if (isZero(v)) { key = 0x80000000u; }
  if (isNaN(v)) { key = 0xffffffffu; }`
      : scalar === 'i32'
        ? 'let key = bitcast<u32>(v) ^ 0x80000000u;'
        : 'let key = v;';
  return `fn sortKey(v: ${scalar}) -> u32 {\n  ${rising}\n  return ${descending ? '~key' : 'key'};\n}`;
};

function sort(
  runtime: Runtime,
  [x]: readonly Operand[],
  { axis, descending }: { readonly axis: number; readonly descending: boolean },
  [values, order]: readonly Operand[],
): void {
  const { buffer, bytes, scalar, view } = numbers(x);
  const size = indexable('sort', view.shape);
  if (size === 0) return;
  const { lanes, length, step } = lanesOf(view.shape, axis);
  const lane = `let base = ${word(4)} + lane / ${word(3)} * ${word(2)} * ${word(3)} + lane % ${word(3)};`;
  const key = (i: string): string => `sortKey(${loadElement('X', `base + ${i} * ${word(3)}`, bytes)})`;
  const X = { name: 'X', type: bytes === 4 ? scalar : 'u32' };
  const from = materialize(runtime, buffer);
  const to = bufferOf(order);
  const form = `${scalar}${bytes}${descending}`;
  const declarations = sortKey(scalar, descending);
  if (length < LONG) {
    const program = runtime.program(`sort|rank|${form}`, () => ({
      bindings: [X, { name: 'Y', type: 'u32', writes: true }],
      words: 5,
      workgroup: WORKGROUP,
      declarations,
      main: `  if (t >= ${word(1)} * ${word(2)}) { return; }
  let lane = t / ${word(2)};
  let i = t % ${word(2)};
  ${lane}
  let own = ${key('i')};
  var rank = 0u;
  for (var j = 0u; j < ${word(2)}; j++) {
    let other = ${key('j')};
    if (other < own || (other == own && j < i)) { rank++; }
  }
  Y[base - ${word(4)} + rank * ${word(3)}] = i;`,
    }));
    runtime.run(program, [from, to], [lanes, length, step, view.offset], Math.ceil(size / WORKGROUP));
  } else {
    sortInPasses();
  }
  // What was sorted, fetched in the order found.
  const per = 4 / bytes;
  const program = runtime.program(`sort|fetch|${bytes}`, () => ({
    bindings: [
      { name: 'X', type: 'u32' },
      { name: 'I', type: 'u32' },
      { name: 'Y', type: 'u32', writes: true },
    ],
    words: 5,
    workgroup: WORKGROUP,
    main: `  if (t * ${per}u >= ${word(1)}) { return; }
  var value = 0u;
  for (var j = 0u; j < ${per}u; j++) {
    let i = t * ${per}u + j;
    if (i >= ${word(1)}) { break; }
    let each = ${word(2)} * ${word(3)};
    let at = ${word(4)} + i / each * each + I[i] * ${word(3)} + i % ${word(3)};
    value = value | (${loadElement('X', 'at', bytes)} << (j * ${bytes * 8}u));
  }
  Y[t] = value;`,
  }));
  runtime.run(program, [from, to, bufferOf(values)], [size, length, step, view.offset], Math.ceil(size / per / WORKGROUP));

  /** Batcher's bitonic sorter over pairs of key and index, no two alike: so it is stable. */
  function sortInPasses(): void {
    const padded = 2 ** Math.ceil(Math.log2(length));
    indexable('sort', [lanes, padded]);
    const pairs = runtime.temporary(lanes * padded * 8);
    const groups = Math.ceil((lanes * padded) / WORKGROUP);
    const words = [lanes, length, step, view.offset, padded];
    const begin = runtime.program(`sort|begin|${form}`, () => ({
      bindings: [X, { name: 'Y', type: 'vec2<u32>', writes: true }],
      words: 6,
      workgroup: WORKGROUP,
      declarations,
      main: `  if (t >= ${word(1)} * ${word(5)}) { return; }
  let lane = t / ${word(5)};
  let i = t % ${word(5)};
  ${lane}
  if (i < ${word(2)}) { Y[t] = vec2<u32>(${key('i')}, i); } else { Y[t] = vec2<u32>(0xffffffffu, i); }`,
    }));
    runtime.run(begin, [from, pairs], words, groups);
    const pass = runtime.program('sort|pass', () => ({
      bindings: [{ name: 'Y', type: 'vec2<u32>', writes: true }],
      words: 4,
      workgroup: WORKGROUP,
      main: `  if (t >= ${word(1)}) { return; }
  let j = ${word(3)};
  let i = (t / j) * 2u * j + t % j;
  let a = Y[i];
  let b = Y[i + j];
  let after = a.x > b.x || (a.x == b.x && a.y > b.y);
  if (after == ((i & ${word(2)}) == 0u)) { Y[i] = b; Y[i + j] = a; }`,
    }));
    const half = (lanes * padded) / 2;
    // Blocks of 2k are sorted by merging; the last block is the whole lane, always rising.
    for (let k = 2; k <= padded; k *= 2) {
      for (let j = k / 2; j >= 1; j /= 2) runtime.run(pass, [pairs], [half, k === padded ? 0 : k, j], Math.ceil(half / WORKGROUP));
    }
    const end = runtime.program('sort|end', () => ({
      bindings: [
        { name: 'X', type: 'vec2<u32>' },
        { name: 'Y', type: 'u32', writes: true },
      ],
      words: 6,
      workgroup: WORKGROUP,
      main: `  if (t >= ${word(1)} * ${word(2)}) { return; }
  let lane = t / ${word(2)};
  let i = t % ${word(2)};
  Y[lane / ${word(3)} * ${word(2)} * ${word(3)} + lane % ${word(3)} + i * ${word(3)}] = X[lane * ${word(5)} + i].y;`,
    }));
    runtime.run(end, [pairs, to], words, Math.ceil(size / WORKGROUP));
  }
}
