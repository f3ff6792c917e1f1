import { bytesPerElement, isFloat, type Kernels, type ScatterMode, sizeOf } from '@tessera/core';
import { bitsOf } from './movement.ts';
import { addressOf, byBytes, bySuffix, type Runtime, suffixOf } from './runtime.ts';

const modes: readonly ScatterMode[] = ['set', 'add', 'max', 'min'];

export function indexing(runtime: Runtime): Pick<Kernels, 'gather' | 'scatter'> {
  const { kernels } = runtime;
  const copies = byBytes('copy');
  const scatters = bySuffix('scatter');
  return {
    gather([x, indices], { axis }, [y]) {
      const { shape } = x.view;
      const row = sizeOf(shape.slice(axis + 1)) * bytesPerElement(x.dtype);
      // NaN of float32 fills four bytes at a time; two halves or half a double of it are still NaN.
      const half = bitsOf(NaN, x.dtype);
      const missing =
        x.dtype === 'float32' ? half : x.dtype === 'float64' ? 0x7ff80000 | 0x7ff8 : isFloat(x.dtype) ? half | (half << 16) : 0;
      if (sizeOf(y.view.shape) === 0) return;
      const [blocks, length, count] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(indices.view.shape)];
      runtime.call('gather', [blocks, length, count, row, ...[x, indices, y].map(addressOf), missing], {
        // Indices are divided where all belong to one block.
        ...(blocks === 1
          ? {
              units: count,
              count: [2, 1],
              moves: [
                [5, 4],
                [6, row],
              ],
            }
          : {
              units: blocks,
              count: [0, 1],
              moves: [
                [4, length * row],
                [6, count * row],
              ],
            }),
        nanoseconds: blocks * count * (2 + row / 20),
      });
    },
    scatter([x, indices, updates], { axis, mode }, [y]) {
      const { shape } = x.view;
      const size = bytesPerElement(x.dtype);
      const [from, to] = [x, y].map(addressOf);
      if (from !== to) kernels[copies[size]](1, sizeOf(shape), from, 0, 1, to, 0, 1);
      const [blocks, length, count] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(indices.view.shape)];
      const inner = sizeOf(shape.slice(axis + 1));
      const parameters = [modes.indexOf(mode), blocks, length, count, inner, inner, ...[indices, updates, y].map(addressOf)];
      // What goes to one place must go there in order, so indices are not divided, but what is done for all of them.
      runtime.call(scatters[suffixOf(x)], parameters, {
        ...(blocks > 1
          ? {
              units: blocks,
              count: [1, 1],
              moves: [
                [7, count * inner * size],
                [8, length * inner * size],
              ],
            }
          : {
              units: inner,
              grain: 16,
              count: [5, 1],
              moves: [
                [7, size],
                [8, size],
              ],
            }),
        nanoseconds: blocks * count * (2 + inner * 0.3),
      });
    },
  };
}
