import { normalizeAxis } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { rememberLogits } from '../logits.ts';
import { op } from '../op.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { abs, add, div, expm1, greater, less, lessEqual, minimum, mul, neg, sub, tanh, where } from './elementwise.ts';
import { split } from './joining.ts';
import { asFloat, asNumber } from './promote.ts';

type Unary = (x: Tensor) => Tensor;

/** max(x, 0) */
export const relu: Unary = op('relu', (x) => run(composites.relu, [asNumber(x)], {})[0]!);
/** min(max(x, 0), 6) */
export const relu6: Unary = op('relu6', (x) => hardTanh(x, 0, 6));
/** x for x ≥ 0, else slope·x */
export const leakyRelu: (x: Tensor, slope?: number) => Tensor = op('leakyRelu', (x, slope = 0.01) => where(less(x, 0), mul(x, slope), x));
/** x for x ≥ 0, else slope·x with a learned slope, which broadcasts. */
export const prelu: (x: Tensor, slope: Tensor) => Tensor = op('prelu', (x, slope) => where(greater(x, 0), x, mul(x, slope)));
/** x for x > 0, else α(eˣ − 1) */
export const elu: (x: Tensor, alpha?: number) => Tensor = op('elu', (x, alpha = 1) =>
  where(greater(x, 0), x, mul(expm1(minimum(x, 0)), alpha)),
);
/** max(x, 0) + min(α(e^(x/α) − 1), 0) */
export const celu: (x: Tensor, alpha?: number) => Tensor = op('celu', (x, alpha = 1) => elu(div(x, alpha), 1).mul(alpha));
/** λ·elu(x, α) with the constants that keep mean 0 and variance 1. @see Klambauer et al. 2017. https://arxiv.org/abs/1706.02515 */
export const selu: Unary = op('selu', (x) => mul(elu(x, 1.6732632423543772), 1.0507009873554805));
/** x·Φ(x); `approximate: 'tanh'` for the older form. */
export const gelu: (x: Tensor, options?: { approximate?: 'none' | 'tanh' }) => Tensor = op(
  'gelu',
  (x, { approximate = 'none' } = {}) => run(approximate === 'tanh' ? composites.geluTanh : composites.gelu, [asFloat(x)], {})[0]!,
);
/** x·σ(x) */
export const silu: Unary = op('silu', (x) => run(composites.silu, [asFloat(x)], {})[0]!);
/** x·tanh(ln(1 + eˣ)) */
export const mish: Unary = op('mish', (x) => mul(x, tanh(softplus(x))));
/** 1/(1 + e⁻ˣ); the result remembers its logits. */
export const sigmoid: Unary = op('sigmoid', (x) => {
  const logits = asFloat(x);
  return rememberLogits(run(composites.sigmoid, [logits], {})[0]!, { op: 'sigmoid', logits, axis: -1 });
});
/** ln σ(x) = −ln(1 + e⁻ˣ) */
export const logSigmoid: Unary = op('logSigmoid', (x) => neg(softplus(neg(x))));
/** min(max(x/6 + ½, 0), 1) */
export const hardSigmoid: Unary = op('hardSigmoid', (x) => hardTanh(add(div(x, 6), 0.5), 0, 1));
/** x·hardSigmoid(x) */
export const hardSwish: Unary = op('hardSwish', (x) => mul(x, hardSigmoid(x)));
/** x kept from `min` to `max`; the gradient outside, and at the ends, is 0. */
export const hardTanh: (x: Tensor, min?: number, max?: number) => Tensor = op('hardTanh', (x, min = -1, max = 1) => {
  const low = where(lessEqual(x, min), min, x);
  return where(lessEqual(max, low), max, low);
});
/** ln(1 + e^βx)/β */
export const softplus: (x: Tensor, beta?: number) => Tensor = op('softplus', (x, beta = 1) => {
  const y = run(composites.softplus, [beta === 1 ? asFloat(x) : mul(x, beta)], {})[0]!;
  return beta === 1 ? y : div(y, beta);
});
/** x/(1 + |x|) */
export const softsign: Unary = op('softsign', (x) => div(x, add(abs(x), 1)));
/** x − tanh x */
export const tanhShrink: Unary = op('tanhShrink', (x) => sub(x, tanh(x)));
/** x ∓ λ beyond ±λ, else 0 */
export const softShrink: (x: Tensor, lambda?: number) => Tensor = op('softShrink', (x, lambda = 0.5) =>
  where(greater(x, lambda), sub(x, lambda), where(less(x, -lambda), add(x, lambda), mul(x, 0))),
);
/** x beyond ±λ, else 0 */
export const hardShrink: (x: Tensor, lambda?: number) => Tensor = op('hardShrink', (x, lambda = 0.5) =>
  where(lessEqual(abs(x), lambda), mul(x, 0), x),
);
/** x above a threshold, else a value */
export const threshold: (x: Tensor, at: number, value: Operand) => Tensor = op('threshold', (x, at, value) =>
  where(greater(x, at), x, value),
);
/** a·σ(b) of the two halves of an axis. */
export const glu: (x: Tensor, axis?: number) => Tensor = op('glu', (x, axis = -1) => {
  const half = x.shape[normalizeAxis('glu', axis, x.shape)]! / 2;
  const [a, b] = split(x, [half, half], axis) as [Tensor, Tensor];
  return mul(a, sigmoid(b));
});
/** e^xᵢ/Σⱼ e^xⱼ along an axis; the result remembers its logits. */
export const softmax: (x: Tensor, axis?: number) => Tensor = op('softmax', (x, axis = -1) => {
  const logits = asFloat(x);
  if (x.rank === 0) return logits.mul(0).add(1);
  const at = normalizeAxis('softmax', axis, x.shape);
  return rememberLogits(run(composites.softmax, [logits], { axis: at })[0]!, { op: 'softmax', logits, axis: at });
});
/** e^−xᵢ/Σⱼ e^−xⱼ along an axis. */
export const softmin: (x: Tensor, axis?: number) => Tensor = op('softmin', (x, axis = -1) => softmax(neg(x), axis));
/** xᵢ − ln Σⱼ e^xⱼ along an axis. */
export const logSoftmax: (x: Tensor, axis?: number) => Tensor = op('logSoftmax', (x, axis = -1) => {
  if (x.rank === 0) return asFloat(x).mul(0);
  return run(composites.logSoftmax, [asFloat(x)], { axis: normalizeAxis('logSoftmax', axis, x.shape) })[0]!;
});
/** (x − mean)/√(variance + ε) over axes. */
export const standardize: (x: Tensor, axes: readonly number[], epsilon?: number) => Tensor = op(
  'standardize',
  (x, axes, epsilon = 1e-5) => {
    const centred = sub(x, x.mean({ axis: axes, keepDims: true }));
    const spread = centred.square().mean({ axis: axes, keepDims: true });
    return div(centred, add(spread, epsilon).sqrt());
  },
);
