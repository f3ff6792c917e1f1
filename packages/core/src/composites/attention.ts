import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { broadcastShapes, formatShape, sameShape } from '../shape.ts';
import { dropout, expectRate } from './random.ts';

/** Attributes of {@link attention}. */
export interface AttentionAttributes {
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Whether a query sees only the keys up to its own place. */
  readonly causal: boolean;
  /** The probability that a weight is dropped; where it is above 0, a key and a counter of random numbers are the last inputs. */
  readonly rate: number;
}

/** Inputs behind so many fixed ones: the mask where there is one, and what weights are dropped by. */
function optional<T>(inputs: readonly T[], fixed: number, { rate }: AttentionAttributes): { mask: T | undefined; draws: readonly T[] } {
  const draws = rate > 0 ? inputs.slice(-2) : [];
  return { mask: inputs.length - draws.length > fixed ? inputs[fixed] : undefined, draws };
}

/** Weights, some of them dropped. */
function dropped<T extends Spec>(b: Builder<T>, weights: T, draws: readonly T[], { rate }: AttentionAttributes): T {
  return draws.length ? b.apply(dropout, [weights, ...draws], { rate }) : weights;
}

function swapLast<T extends Spec>(b: Builder<T>, x: T): T {
  const axes = x.shape.map((_, axis) => axis);
  return b.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** Q·Kᵀ·scale, and a mask of numbers added; −∞ where a query may not look. */
function scores<T extends Spec>(b: Builder<T>, q: T, k: T, mask: T | undefined, { scale, causal }: AttentionAttributes): T {
  let s = b.mul(b.matmul(q, swapLast(b, k)), scale);
  if (mask) s = mask.dtype === 'bool' ? b.select(b.broadcast(mask, s.shape), s, -Infinity) : b.add(s, mask);
  if (!causal) return s;
  const place = s.shape.slice(-2);
  const allowed = b.lessEqual(b.iota(place, 1, 'int32'), b.iota(place, 0, 'int32'));
  return b.select(b.broadcast(allowed, s.shape), s, -Infinity);
}

/** The weights P, and P·(dP − δ): what comes to the scores. */
function scoreGradients<T extends Spec>(
  b: Builder<T>,
  [q, k, v, logs, dy, delta]: readonly T[],
  { mask, draws }: ReturnType<typeof optional<T>>,
  attributes: AttentionAttributes,
): [weights: T, ds: T] {
  const column = (x: T): T => b.reshape(x, [...x.shape, 1]);
  const p = b.exp(b.sub(scores(b, q!, k!, mask, attributes), column(logs!)));
  const dp = dropped(b, b.matmul(dy!, swapLast(b, v!)), draws, attributes);
  return [p, b.mul(p, b.sub(dp, column(delta!)))];
}

/**
 * Gradients of {@link attention}. Inputs: q, k, v, its logarithms, dy, Σ dy·y of each query less what comes to its logarithm
 * `[..., T]`, and the mask, the key and the counter where there are; outputs: dq, dk, dv.
 */
export const attentionGradient: Composite<AttentionAttributes> = {
  name: 'attentionGradient',
  strided: true,
  decompose(b, inputs, attributes) {
    const [q, k, , , dy] = inputs;
    const others = optional(inputs, 6, attributes);
    const [p, each] = scoreGradients(b, inputs, others, attributes);
    const ds = b.mul(each, attributes.scale);
    const dv = b.matmul(swapLast(b, dropped(b, p, others.draws, attributes)), dy!);
    return [b.matmul(ds, k!), b.matmul(swapLast(b, ds), q!), dv];
  },
};

/**
 * Scaled dot-product attention: softmax(Q·Kᵀ·scale)·V, where a mask leaves out what is `false`, or is added to the scores if it holds
 * numbers; with a rate, its weights are dropped as {@link dropout} does it.
 *
 * Inputs: q `[..., T, D]`, k `[..., S, D]`, v `[..., S, E]` with the same leading axes, optionally a mask, bool or of their dtype, that
 * broadcasts to `[..., T, S]`, and with a rate a key and a counter; outputs: y `[..., T, E]`, and for the gradient ln Σ eˢ of each query
 * `[..., T]`. A query that sees nothing gives NaN.
 *
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 * @see Dao 2023, "FlashAttention-2": how kernels do without the T × S matrix. https://arxiv.org/abs/2307.08691
 */
export const attention: Composite<AttentionAttributes> = {
  name: 'attention',
  strided: true,
  check(inputs, attributes) {
    const [q, k, v] = inputs;
    const { mask } = optional(inputs, 3, attributes);
    expectRate('attention', attributes.rate);
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
    const fitting = mask && (mask.dtype === 'bool' || mask.dtype === q!.dtype);
    if (mask && !(fitting && sameShape(broadcastShapes('attention', mask.shape, square), square))) {
      throw new ShapeError(
        `[attention] the mask must be bool or ${q!.dtype} and broadcast to ${formatShape(square)}: got ${mask.dtype} ${formatShape(mask.shape)}`,
      );
    }
  },
  decompose(b, inputs, attributes) {
    const [q, k, v] = inputs;
    const { mask, draws } = optional(inputs, 3, attributes);
    const s = scores(b, q!, k!, mask, attributes);
    const axis = s.shape.length - 1;
    const most = b.max(s, axis, true);
    const p = b.exp(b.sub(s, most));
    const sum = b.sum(p, axis, true);
    const logs = b.add(b.log(sum), most);
    return [b.div(b.matmul(dropped(b, p, draws, attributes), v!), sum), b.reshape(logs, logs.shape.slice(0, -1))];
  },
  vjp(b, { inputs, outputs: [y, logs], cotangents: [dy, dlogs], attributes, wanted }) {
    const given = dy ?? b.fill(0, y!.shape, y!.dtype);
    const delta = b.sum(b.mul(given, y!), y!.shape.length - 1);
    const rest = dlogs ? b.sub(delta, dlogs) : delta;
    const all = [...inputs.slice(0, 3), logs!, given, rest, ...inputs.slice(3)];
    const gradients = b.applyAll(attentionGradient, all, attributes);
    const { mask } = optional(inputs, 3, attributes);
    if (!mask || mask.dtype === 'bool' || wanted?.[3] === false) return gradients;
    const [, ds] = scoreGradients(b, all, optional(all, 6, attributes), attributes);
    return [...gradients, b.sumTo(ds, mask.shape)];
  },
};
