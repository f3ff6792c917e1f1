import type { Kernel, Kernels, Operand, TopKAttributes } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, numbers } from './cells.ts';
import { sortEntries, type Source } from './entries.ts';
import { materialize } from './fill.ts';
import { word } from './program.ts';
import { lanesOf } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { loadElement, type Scalar } from './wgsl/elements.ts';

const WORKGROUP = 64;

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

export function sorting(runtime: Runtime): Pick<Kernels, 'sort'> & { readonly topK: Kernel<TopKAttributes> } {
  const firsts = (
    [x]: readonly Operand[],
    { axis, descending }: { readonly axis: number; readonly descending: boolean },
    [values, order]: readonly Operand[],
  ): void => {
    const { buffer, bytes, scalar, view } = numbers(x);
    indexable('sort', view.shape);
    const size = indexable('sort', values.view.shape);
    if (size === 0) return;
    const { lanes, length, step } = lanesOf(view.shape, axis);
    const wanted = values.view.shape[axis];
    const from = materialize(runtime, buffer);
    const source: Source = {
      key: `${scalar}${bytes}${descending}`,
      bindings: [{ name: 'X', type: bytes === 4 ? scalar : 'u32' }],
      declare(at) {
        const [offset, long, inner] = [at, at + 1, at + 2].map(word);
        const place = `${offset} + (lane / ${inner} * ${long} + i) * ${inner} + lane % ${inner}`;
        return `${sortKey(scalar, descending)}
fn entry(lane: u32, i: u32) -> vec2<u32> { return vec2<u32>(sortKey(${loadElement('X', place, bytes)}), i); }`;
      },
      buffers: [from],
      words: [view.offset, length, step],
    };
    const entries = sortEntries(runtime, source, lanes, length, wanted);
    // What was sorted, fetched in the order found.
    const per = 4 / bytes;
    const program = runtime.program(`sort|fetch|${bytes}`, () => ({
      bindings: [
        { name: 'E', type: 'vec2<u32>' },
        { name: 'X', type: 'u32' },
        { name: 'Y', type: 'u32', writes: true },
        { name: 'I', type: 'u32', writes: true },
      ],
      words: 7,
      workgroup: WORKGROUP,
      main: `  if (t * ${per}u >= ${word(1)}) { return; }
  var value = 0u;
  for (var j = 0u; j < ${per}u; j++) {
    let i = t * ${per}u + j;
    if (i >= ${word(1)}) { break; }
    let inner = i % ${word(3)};
    let outer = i / ${word(3)} / ${word(5)};
    let place = E[(outer * ${word(3)} + inner) * ${word(6)} + i / ${word(3)} % ${word(5)}].y;
    let at = ${word(4)} + (outer * ${word(2)} + place) * ${word(3)} + inner;
    value = value | (${loadElement('X', 'at', bytes)} << (j * ${bytes * 8}u));
    I[i] = place;
  }
  Y[t] = value;`,
    }));
    const words = [size, length, step, view.offset, wanted, entries.stride];
    const buffers = [entries.buffer, from, bufferOf(values), bufferOf(order)];
    runtime.run(program, buffers, words, Math.ceil(size / per / WORKGROUP));
  };
  return {
    sort: firsts,
    topK: (inputs, { axis, largest }, outputs) => firsts(inputs, { axis, descending: largest }, outputs),
  };
}
