import { composites } from '@tessera/core';
import { run } from '../door.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastTo } from './movement.ts';
import { promote } from './promote.ts';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Which keys a query sees, bool, broadcast to `[..., T, S]`; by default all. */
  readonly mask?: Tensor | undefined;
  /** Whether a query sees only the keys up to its own place (default `false`). */
  readonly causal?: boolean;
  /** Default 1/√D. */
  readonly scale?: number;
}

/**
 * softmax(Q·Kᵀ/√D)·V, without the matrix of all pairs in memory where the backend has a kernel for it.
 *
 * Shapes: q `[..., T, D]`, k `[..., S, D]`, v `[..., S, E]` → `[..., T, E]`. A query that sees nothing gives NaN.
 *
 * @throws ShapeError if shapes do not fit.
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { mask, causal = false, scale = 1 / Math.sqrt(q.shape.at(-1)!) }: AttentionOptions = {},
): Tensor {
  const inputs = promote('scaledDotProductAttention', [q, k, v]);
  const square = [...q.shape.slice(0, -1), k.shape.at(-2)!];
  return run(composites.attention, mask ? [...inputs, broadcastTo(mask, square)] : inputs, { scale, causal })[0]!;
}
