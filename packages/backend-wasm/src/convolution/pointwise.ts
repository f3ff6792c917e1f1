import { sizeOf } from '@tessera/core';
import { product } from '../matmul.ts';
import { addressOf, type Runtime } from '../runtime.ts';
import type { Convolution } from './form.ts';

/** Whether a convolution is a matrix product: windows of one element that skip none. */
export function isPointwise({ w, geometry: { strides, padding, groups } }: Convolution): boolean {
  return groups === 1 && w.slice(0, -2).every((n) => n === 1) && strides.every((n) => n === 1) && padding.flat().every((n) => n === 0);
}

/** A window of one element: a product of the positions' channels, read as they lie. */
export function pointwise(runtime: Runtime, { op, x, w, a, b, out, epilogue }: Convolution): void {
  const positions = sizeOf(x.slice(0, -1));
  const [C, F] = w.slice(-2);
  const [channels, filters] = [C * 4, F * 4];
  const [A, B, to] = [a, b, out].map(addressOf);
  const scratch = runtime.scratch(runtime.kernels.gemmScratchBytes());
  if (op === 'convolution') product(runtime, [positions, F, C, A, channels, 4, B, filters, 4, to, filters, 0, 0, scratch], epilogue);
  else if (op === 'convolutionInputGradient')
    product(runtime, [positions, C, F, A, filters, 4, B, 4, filters, to, channels, 0, 0, scratch]);
  else product(runtime, [C, F, positions, A, 4, channels, B, filters, 4, to, filters, 0, 0, scratch]);
}
