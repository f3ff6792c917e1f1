import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import { type Composite, defineOp, type Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { broadcastShapes, formatShape, sameShape } from '../shape.ts';

/** Attributes of {@link attention}. */
export interface AttentionAttributes {
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Whether a query sees only the keys up to its own place. */
  readonly causal: boolean;
}

function swapLast<T extends Spec>(b: Builder<T>, x: T): T {
  const axes = x.shape.map((_, axis) => axis);
  return b.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** Q·Kᵀ·scale, −∞ where a query may not look. */
function scores<T extends Spec>(b: Builder<T>, q: T, k: T, mask: T | undefined, { scale, causal }: AttentionAttributes): T {
  let s = b.mul(b.matmul(q, swapLast(b, k)), scale);
  if (mask) s = b.select(b.broadcast(mask, s.shape), s, -Infinity);
  if (!causal) return s;
  const place = s.shape.slice(-2);
  const allowed = b.lessEqual(b.iota(place, 1, 'int32'), b.iota(place, 0, 'int32'));
  return b.select(b.broadcast(allowed, s.shape), s, -Infinity);
}

/**
 * Gradients of {@link attention}. Inputs: q, k, v, its logarithms, dy, Σ dy·y of each query less what comes to its logarithm
 * `[..., T]`, and the mask where there is one; outputs: dq, dk, dv.
 */
export const attentionGradient: Composite<AttentionAttributes> = defineOp<AttentionAttributes>({
  name: 'attentionGradient',
  strided: true,
  decompose<T extends Spec>(b: Builder<T>, [q, k, v, logs, dy, delta, mask]: readonly T[], attributes: AttentionAttributes) {
    const column = (x: T): T => b.reshape(x, [...x.shape, 1]);
    const p = b.exp(b.sub(scores(b, q!, k!, mask, attributes), column(logs!)));
    const dp = b.matmul(dy!, swapLast(b, v!));
    const ds = b.mul(b.mul(p, b.sub(dp, column(delta!))), attributes.scale);
    return [b.matmul(ds, k!), b.matmul(swapLast(b, ds), q!), b.matmul(swapLast(b, p), dy!)];
  },
});

/**
 * Scaled dot-product attention: softmax(Q·Kᵀ·scale)·V, where a mask leaves out what is `false`.
 *
 * Inputs: q `[..., T, D]`, k `[..., S, D]`, v `[..., S, E]` with the same leading axes, and optionally a bool mask that
 * broadcasts to `[..., T, S]`; outputs: y `[..., T, E]`, and for the gradient ln Σ eˢ of each query `[..., T]`. A query that sees nothing
 * gives NaN.
 *
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 * @see Dao 2023, "FlashAttention-2": how kernels do without the T × S matrix. https://arxiv.org/abs/2307.08691
 */
export const attention: Composite<AttentionAttributes> = defineOp<AttentionAttributes>({
  name: 'attention',
  strided: true,
  check([q, k, v, mask]) {
    expectFloat('attention', [q!, k!, v!]);
    const [a, b, c] = [q!.shape, k!.shape, v!.shape];
    const fits =
      a.length >= 2 &&
      a.at(-1) === b.at(-1) &&
      b.at(-2) === c.at(-2) &&
      sameShape(a.slice(0, -2), b.slice(0, -2)) &&
      sameShape(a.slice(0, -2), c.slice(0, -2));
    if (!fits) {
      throw new ShapeError(
        `[attention] q [..., T, D], k [..., S, D] and v [..., S, E] must fit: got ${[a, b, c].map((shape) => formatShape(shape)).join(', ')}`,
      );
    }
    const square = [...a.slice(0, -1), b.at(-2)!];
    if (mask && (mask.dtype !== 'bool' || !sameShape(broadcastShapes('attention', mask.shape, square), square))) {
      throw new ShapeError(
        `[attention] the mask must be bool and broadcast to ${formatShape(square)}: got ${mask.dtype} ${formatShape(mask.shape)}`,
      );
    }
  },
  decompose(b, [q, k, v, mask], attributes) {
    const s = scores(b, q!, k!, mask, attributes);
    const axis = s.shape.length - 1;
    const most = b.max(s, axis, true);
    const p = b.exp(b.sub(s, most));
    const sum = b.sum(p, axis, true);
    const logs = b.add(b.log(sum), most);
    return [b.div(b.matmul(p, v!), sum), b.reshape(logs, logs.shape.slice(0, -1))];
  },
  vjp(b, { inputs: [q, k, v, mask], outputs: [y, logs], cotangents: [dy, dlogs], attributes }) {
    const given = dy ?? b.fill(0, y!.shape, y!.dtype);
    const delta = b.sum(b.mul(given, y!), y!.shape.length - 1);
    const rest = dlogs ? b.sub(delta, dlogs) : delta;
    const [dq, dk, dv] = b.applyAll(attentionGradient, [q!, k!, v!, logs!, given, rest, ...(mask ? [mask] : [])], attributes);
    return [dq, dk, dv, undefined];
  },
});
