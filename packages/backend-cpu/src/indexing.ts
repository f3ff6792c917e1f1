import { isFloat, type Kernels, philox, type ScatterMode, sizeOf } from '@tessera/core';
import { elementsOf, writer } from './elements.ts';

const combine: { readonly [K in ScatterMode]: (old: number, update: number) => number } = {
  set: (_, update) => update,
  add: (old, update) => old + update,
  max: Math.max,
  min: Math.min,
};

export const indexing: Pick<Kernels, 'gather' | 'scatter' | 'sort' | 'randomBits'> = {
  gather([x, indices], { axis }, [output]) {
    const [from, at, to] = [elementsOf(x), elementsOf(indices), elementsOf(output)];
    const { shape, offset } = x.view;
    const inner = sizeOf(shape.slice(axis + 1));
    const count = sizeOf(indices.view.shape);
    const missing = writer(x.dtype)(isFloat(x.dtype) ? NaN : 0);
    for (let i = 0; i < sizeOf(output.view.shape); i++) {
      const [block, rest] = [Math.floor(i / (count * inner)), i % (count * inner)];
      const index = inRange(at[indices.view.offset + Math.floor(rest / inner)] as number, shape[axis]);
      const place = offset + (block * shape[axis] + index) * inner + (rest % inner);
      to[output.view.offset + i] = index < 0 ? missing : from[place];
    }
  },
  scatter([x, indices, updates], { axis, mode }, [output]) {
    const to = elementsOf(output) as Float32Array;
    const from = elementsOf(x) as Float32Array;
    const put = elementsOf(updates) as Float32Array;
    const at = elementsOf(indices) as Int32Array;
    const { shape, offset } = x.view;
    const size = sizeOf(shape);
    const base = output.view.offset;
    // Sums are kept in double precision until the end.
    const values = Float64Array.from({ length: size }, (_, i) => from[offset + i]);
    const inner = sizeOf(shape.slice(axis + 1));
    const count = sizeOf(indices.view.shape);
    for (let i = 0; i < sizeOf(updates.view.shape); i++) {
      const [block, rest] = [Math.floor(i / (count * inner)), i % (count * inner)];
      const index = inRange(at[indices.view.offset + Math.floor(rest / inner)], shape[axis]);
      if (index < 0) continue;
      const place = (block * shape[axis] + index) * inner + (rest % inner);
      values[place] = combine[mode](values[place], put[updates.view.offset + i]);
    }
    // Of bools, a sum is true where one of them is.
    for (let i = 0; i < size; i++) to[base + i] = x.dtype === 'bool' ? Number(values[i] !== 0) : values[i];
  },
  sort([x], { axis, descending }, [values, order]) {
    const from = elementsOf(x) as Float32Array;
    const [to, at] = [elementsOf(values), elementsOf(order)];
    const { shape, offset } = x.view;
    const [inner, length] = [sizeOf(shape.slice(axis + 1)), shape[axis]];
    const ascending = (a: number, b: number): number =>
      Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) || a < b ? -1 : a > b ? 1 : 0;
    for (let lane = 0; lane < sizeOf(shape) / (length || 1); lane++) {
      const first = Math.floor(lane / inner) * length * inner + (lane % inner);
      const key = (i: number): number => from[offset + first + i * inner];
      const sorted = Array.from({ length }, (_, i) => i).sort((i, j) =>
        descending ? ascending(key(j), key(i)) : ascending(key(i), key(j)),
      );
      sorted.forEach((i, place) => {
        to[values.view.offset + first + place * inner] = key(i);
        at[order.view.offset + first + place * inner] = i;
      });
    }
  },
  randomBits([key, counter], _, [output]) {
    const read = (operand: typeof key, i: number): number => (elementsOf(operand) as Int32Array)[operand.view.offset + i] >>> 0;
    const to = elementsOf(output);
    const words = sizeOf(output.view.shape);
    for (let i = 0; i < words; i += 4) {
      const block = i / 4;
      const random = philox([block >>> 0, Math.floor(block / 2 ** 32), read(counter, 0), read(counter, 1)], [read(key, 0), read(key, 1)]);
      for (let lane = 0; lane < 4 && i + lane < words; lane++) to[output.view.offset + i + lane] = random[lane] | 0;
    }
  },
};

/** An index counted from the front, or −1 when it is out of range. */
function inRange(index: number, length: number): number {
  const place = index < 0 ? index + length : index;
  return place >= 0 && place < length ? place : -1;
}
