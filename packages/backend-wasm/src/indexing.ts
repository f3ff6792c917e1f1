import { bytesPerElement, isFloat, type Kernel, type Kernels, type ScatterMode, sizeOf, type SoftmaxAttributes } from '@tessera/core';
import { bitsOf } from './movement.ts';
import { forEachLane } from './reduction.ts';
import { addressOf, type KernelExports, type Runtime, suffixOf } from './runtime.ts';

const modes: readonly ScatterMode[] = ['set', 'add', 'max', 'min'];

type SoftmaxComposites = { readonly softmax: Kernel<SoftmaxAttributes>; readonly logSoftmax: Kernel<SoftmaxAttributes> };

export function indexing(runtime: Runtime): Pick<Kernels, 'gather' | 'scatter'> & SoftmaxComposites {
  const { kernels } = runtime;
  const softmax =
    (logarithm: number): Kernel<SoftmaxAttributes> =>
    ([x], { axis }, [y]) => {
      forEachLane(x, axis, (offset, length, step) => {
        kernels.softmax_f32(length, addressOf(x) + offset * 4, addressOf(y) + offset * 4, step, logarithm);
      });
    };
  return {
    gather([x, indices], { axis }, [y]) {
      const { shape } = x.view;
      const row = sizeOf(shape.slice(axis + 1)) * bytesPerElement(x.dtype);
      // NaN of float32 fills four bytes at a time; two halves or half a double of it are still NaN.
      const half = bitsOf(NaN, x.dtype);
      const missing =
        x.dtype === 'float32' ? half : x.dtype === 'float64' ? 0x7ff80000 | 0x7ff8 : isFloat(x.dtype) ? half | (half << 16) : 0;
      if (sizeOf(y.view.shape) === 0) return;
      kernels.gather(
        sizeOf(shape.slice(0, axis)),
        shape[axis],
        sizeOf(indices.view.shape),
        row,
        addressOf(x),
        addressOf(indices),
        addressOf(y),
        missing,
      );
    },
    scatter([x, indices, updates], { axis, mode }, [y]) {
      const { shape } = x.view;
      const size = bytesPerElement(x.dtype);
      kernels[`copy_${size * 8}` as keyof KernelExports](1, sizeOf(shape), addressOf(x), 0, 1, addressOf(y), 0, 1);
      const scatter = kernels[`scatter_${suffixOf(x)}`];
      scatter(
        modes.indexOf(mode),
        sizeOf(shape.slice(0, axis)),
        shape[axis],
        sizeOf(indices.view.shape),
        sizeOf(shape.slice(axis + 1)),
        addressOf(indices),
        addressOf(updates),
        addressOf(y),
      );
    },
    softmax: softmax(0),
    logSoftmax: softmax(1),
  };
}
