import { bytesPerElement, type Kernel, type Kernels, type Operand, sizeOf, type TopKAttributes } from '@tessera/core';
import { lanesOf, overLanes } from './lanes.ts';
import { addressOf, type Runtime, suffixOf } from './runtime.ts';

const kinds = { f32: 0, i32: 1, u8: 2 } as const;

/** Entries of a lane and as many again to sort them into, and the counts of their digits. */
const scratchOf = (length: number): number => 4096 + 16 * length;

export function sorting(runtime: Runtime): Pick<Kernels, 'sort'> & { readonly topK: Kernel<TopKAttributes> } {
  const firsts = (x: Operand, axis: number, descending: boolean, [values, order]: readonly Operand[], k?: number): void => {
    if (sizeOf(values.view.shape) === 0) return;
    const lanes = lanesOf(x.view.shape, axis);
    const size = bytesPerElement(x.dtype);
    const { length } = lanes;
    const addresses = [addressOf(x), addressOf(values), addressOf(order), runtime.scratch(scratchOf(length))];
    overLanes(runtime, k === undefined ? 'sort' : 'topK', lanes, {
      parameters: [length, lanes.inner, kinds[suffixOf(x)], Number(descending), ...addresses, ...(k === undefined ? [] : [k])],
      operands: [
        { place: 6, length, size },
        { place: 7, length: k ?? length, size },
        { place: 8, length: k ?? length, size: 4 },
      ],
      scratch: [9],
      nanoseconds: sizeOf(x.view.shape) * (k === undefined ? 15 : 2),
    });
  };
  return {
    sort: ([x], { axis, descending }, outputs) => firsts(x, axis, descending, outputs),
    topK: ([x], { axis, k, largest }, outputs) => firsts(x, axis, largest, outputs, k),
  };
}
