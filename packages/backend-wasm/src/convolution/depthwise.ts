import { sizeOf } from '@tessera/core';
import { describe } from '../geometry.ts';
import { addressOf, type Runtime } from '../runtime.ts';
import { type Convolution, positionsOf } from './form.ts';

/** Whether each channel has a filter of its own. */
export function isDepthwise({ w, geometry: { groups } }: Convolution): boolean {
  return groups > 1 && w.at(-2) === 1 && w.at(-1) === groups;
}

/** One filter for each channel: no products of matrices, but of rows. */
export function depthwise(runtime: Runtime, convolution: Convolution): void {
  const { op, x, w, y, geometry, a, b, out, epilogue } = convolution;
  const { kernels } = runtime;
  const [size, positions] = [sizeOf(w), positionsOf(convolution)];
  const each = positions / y[0];
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  const [A, B, to] = [a, b, out].map(addressOf);
  kernels.fill_32(sizeOf(out.view.shape), 0, 0, to);
  if (op === 'convolutionKernelGradient') {
    // Example by example, so that few numbers are added up at a time.
    const part = runtime.scratch(size * 4);
    for (let n = 0; n < y[0]; n++) {
      kernels.fill_32(size, 0, 0, part);
      kernels.depthwise(2, description, A, B, part, n * each, each, 0, 0, 0);
      kernels.add_f32(1, size, to, 0, 1, part, 0, 1, to);
    }
    return;
  }
  const { bias, residual, activation } = epilogue;
  const direction = op === 'convolution' ? 0 : 1;
  runtime.call('depthwise', [direction, description, A, B, to, 0, positions, bias, residual, activation], {
    units: y[0],
    count: [6, each],
    moves: [[5, each]],
    nanoseconds: positions * size * 0.3,
  });
}
