import { isFloat, type Kernels, type ScatterMode, sizeOf } from '@tessera/core';
import { bitsOf } from './bits.ts';
import { indexable } from './axes.ts';
import { bufferOf, numbers, raw } from './cells.ts';
import { type Source, sortEntries } from './entries.ts';
import { materialize } from './fill.ts';
import { mapElements } from './map.ts';
import { word } from './program.ts';
import { lanesOf } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { bitPlace, loadElement, type Scalar } from './wgsl/elements.ts';

const WORKGROUP = 64;
/** From how many updates on they are sorted. */
const MANY = 32;

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

export function indexing(runtime: Runtime): Pick<Kernels, 'gather' | 'scatter'> {
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

  /**
   * Updates in index order. Where they are few an invocation has a whole column of the output, and where bytes share words some whole
   * words; else they are sorted by their rows, and an invocation has all of one column that come to one row.
   */
  const scatter: Kernels['scatter'] = ([x, indices, updates], { axis, mode }, [y]) => {
    const { scalar, bytes } = numbers(x);
    const from = raw(x);
    const to = raw(y);
    const size = indexable('scatter', to.view.shape);
    indexable('scatter', updates.view.shape);
    if (size === 0) return;
    mapElements(runtime, 'copy', to.view.shape, [from], [{ ...to, offset: to.view.offset }], ([v]) => ({ results: [v] }));
    const count = sizeOf(indices.view.shape);
    if (count === 0) return;
    const { lanes: columns, length, step: inner } = lanesOf(x.view.shape, axis);
    const given = materialize(runtime, bufferOf(indices));
    const put = materialize(runtime, bufferOf(updates));
    if (bytes === 4 && count >= MANY) {
      const rows: Source = {
        key: 'rows',
        bindings: [{ name: 'I', type: 'i32' }],
        declare: (at) => `fn entry(lane: u32, i: u32) -> vec2<u32> {
    ${indexAt(`${word(at)} + i`, word(at + 1))}
    return vec2<u32>(select(0xffffffffu, index, inside), i);
}`,
        buffers: [given],
        words: [indices.view.offset, length],
      };
      const program = runtime.program(`scatter|sorted|${mode}|${scalar}`, () => ({
        bindings: [
          { name: 'E', type: 'vec2<u32>' },
          { name: 'U', type: scalar },
          { name: 'Y', type: scalar, writes: true },
        ],
        words: 7,
        workgroup: WORKGROUP,
        main: sortedMain(mode, scalar),
      }));
      const { buffer } = sortEntries(runtime, rows, 1, count);
      const words = [columns, length, count, inner, updates.view.offset, to.view.offset];
      runtime.run(program, [buffer, put, to.buffer], words, Math.ceil((count * columns) / WORKGROUP));
      return;
    }
    const words = [columns, length, count, inner, indices.view.offset, updates.view.offset, size, to.view.offset];
    const type = bytes === 4 ? scalar : 'u32';
    const program = runtime.program(`scatter|${mode}|${scalar}${bytes}`, () => ({
      bindings: [
        { name: 'I', type: 'i32' },
        { name: 'U', type },
        { name: 'Y', type, writes: true },
      ],
      words: 9,
      workgroup: WORKGROUP,
      main: bytes === 4 ? columnMain(mode, scalar) : wordMain(mode, scalar, bytes as 1),
    }));
    runtime.run(program, [given, put, to.buffer], words, Math.ceil((bytes === 4 ? columns : size / 4) / WORKGROUP));
  };

  return { gather, scatter };
}

/** From the first of those of one row on; four are read at once, so that they do not wait for one another. */
const sortedMain = (mode: ScatterMode, scalar: Scalar): string => `  if (t >= ${word(1)} * ${word(3)}) { return; }
  let column = t % ${word(1)};
  let first = t / ${word(1)};
  let row = E[first].x;
  if (row == 0xffffffffu || (first > 0u && E[first - 1u].x == row)) { return; }
  let block = column / ${word(4)};
  let lane = column % ${word(4)};
  let at = ${word(6)} + (block * ${word(2)} + row) * ${word(4)} + lane;
  var old = Y[at];
  var more = true;
  for (var k = first; more; k = k + 4u) {
    var updates: array<${scalar}, 4>;
    var counts: array<bool, 4>;
    for (var c = 0u; c < 4u; c++) {
      let e = E[min(k + c, ${word(3)} - 1u)];
      counts[c] = k + c < ${word(3)} && e.x == row;
      updates[c] = U[${word(5)} + (block * ${word(3)} + select(0u, e.y, counts[c])) * ${word(4)} + lane];
    }
    for (var c = 0u; c < 4u; c++) {
      let update = updates[c];
      if (counts[c]) { old = ${combine[mode](scalar)}; }
    }
    more = counts[3];
  }
  Y[at] = old;`;

const columnMain = (mode: ScatterMode, scalar: Scalar): string => `  if (t >= ${word(1)}) { return; }
  let block = t / ${word(4)};
  let lane = t % ${word(4)};
  for (var k = 0u; k < ${word(3)}; k++) {
    ${indexAt(`${word(5)} + k`, word(2))}
    if (!inside) { continue; }
    let at = ${word(8)} + (block * ${word(2)} + index) * ${word(4)} + lane;
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
