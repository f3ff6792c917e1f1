import { formatShape, ShapeError } from '@tessera/core';
import { covers, setMask } from './carry-masks.ts';
import { arange } from './creation.ts';
import { logitsOf, rememberLogits } from './logits.ts';
import { op } from './op.ts';
import { less } from './ops/elementwise.ts';
import { expandDims, reshape } from './ops/movement.ts';
import type { Tensor } from './tensor.ts';

/**
 * Which steps of sequences are real, where that is known: bool `[N, T]`, true for a real step and false for padding.
 *
 * A mask belongs to a tensor `[N, T, …]`. It is made by `Masking`, by `Embedding` with `maskZero`, by {@link withMask}, or by a data
 * loader that pads. Ops that work element by element hand it on where `[N, T]` stays, and so do layers that say `supportsMask`; it
 * ends elsewhere.
 */
export function maskOf(x: Tensor): Tensor | undefined {
  return x.mask;
}

/**
 * The same elements with a mask, or without one.
 *
 * Shapes: x `[N, T, …]`, mask bool `[N, T]`.
 *
 * @throws ShapeError if the mask does not fit.
 */
export const withMask: (x: Tensor, mask: Tensor | undefined) => Tensor = op('withMask', (x, mask) => {
  if (x.mask === mask) return x;
  if (mask && (mask.dtype !== 'bool' || !covers(mask.shape, x.shape))) {
    throw new ShapeError(
      `[withMask] a mask must be bool [N, T] of a tensor [N, T, …]: got ${mask.dtype} ${formatShape(mask.shape)} for ${formatShape(x.shape)}`,
    );
  }
  const masked = reshape(x, x.shape);
  setMask(masked, mask);
  const origin = logitsOf(x);
  return origin ? rememberLogits(masked, origin) : masked;
});

/** The mask of sequences of the given lengths, padded at their ends. Shapes: lengths int32 `[N]` → bool `[N, steps]`. */
export const maskOfLengths: (lengths: Tensor, steps: number) => Tensor = op('maskOfLengths', (lengths, steps) =>
  less(arange(0, steps, 1, { backend: lengths.backend }), expandDims(lengths, 1)),
);
