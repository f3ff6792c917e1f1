import { bytesPerElement, isFloat, type Kernels, type ScatterMode, sizeOf } from '@tessera/core';
import { bitsOf } from './movement.ts';
import { addressOf, type KernelExports, type Runtime, suffixOf } from './runtime.ts';

const modes: readonly ScatterMode[] = ['set', 'add', 'max', 'min'];

export function indexing(runtime: Runtime): Pick<Kernels, 'gather' | 'scatter'> {
  const { kernels } = runtime;
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
      const [from, to] = [x, y].map(addressOf);
      if (from !== to) kernels[`copy_${size * 8}` as keyof KernelExports](1, sizeOf(shape), from, 0, 1, to, 0, 1);
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
  };
}
