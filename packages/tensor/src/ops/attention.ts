import { UsageError } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastTo } from './movement.ts';
import { cast, promote } from './promote.ts';
import type { Random } from './random.ts';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Which keys a query sees (bool), or what is added to the scores (numbers), broadcast to `[..., T, S]`; by default all are seen. */
  readonly mask?: Tensor | undefined;
  /** Whether a query sees only the keys up to its own place (default `false`). */
  readonly causal?: boolean;
  /** Default 1/√D. */
  readonly scale?: number;
  /** The probability that a weight of attention is dropped, with `random` (default 0). */
  readonly dropout?: number;
  /** Where the draws for `dropout` come from. */
  readonly random?: Random | undefined;
}

/**
 * softmax(Q·Kᵀ/√D)·V, without the matrix of all pairs in memory where the backend has a kernel for it.
 *
 * Shapes: q `[..., T, D]`, k `[..., S, D]`, v `[..., S, E]` → `[..., T, E]`. A query that sees nothing gives NaN.
 *
 * @throws ShapeError if shapes do not fit; UsageError for dropout without `random`.
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 */
export const scaledDotProductAttention: (q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions) => Tensor = op(
  'scaledDotProductAttention',
  (q, k, v, { mask, causal = false, scale = 1 / Math.sqrt(q.shape.at(-1)!), dropout = 0, random } = {}) => {
    const inputs = promote('scaledDotProductAttention', [q, k, v]);
    const square = [...q.shape.slice(0, -1), k.shape.at(-2)!];
    if (mask) inputs.push(broadcastTo(mask.dtype === 'bool' ? mask : cast(mask, inputs[0]!.dtype), square));
    if (dropout > 0) {
      if (!random)
        throw new UsageError('[scaledDotProductAttention] dropout needs a source of random numbers. Pass { random: new Random(seed) }.');
      inputs.push(...random.next());
    }
    return run(composites.attention, inputs, { scale, causal, rate: dropout })[0]!;
  },
);
