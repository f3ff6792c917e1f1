import type { Builder } from '../builder.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';

/** Attributes of {@link softmax} and {@link logSoftmax}: an axis counted from the front. */
export interface SoftmaxAttributes {
  readonly axis: number;
}

// Subtracting the maximum changes nothing but keeps exp in range. Where the maximum is infinite it must not be
// subtracted, or Inf − Inf would make NaN of a whole row of −Inf.
function shifted<T extends Spec>(b: Builder<T>, x: T, axis: number): T {
  return b.sub(x, b.max(x, axis, true));
}

/** dx = y·(dy − Σ dy·y) along an axis: the gradient of {@link softmax}. Inputs: y, dy. */
export const softmaxGradient: Composite<SoftmaxAttributes> = {
  name: 'softmaxGradient',
  overwrites: () => [[0, 1]],
  decompose: (b, [y, dy], { axis }) => [b.mul(y!, b.sub(dy!, b.sum(b.mul(dy!, y!), axis, true)))],
};

/** dx = dy − eʸ·Σ dy along an axis: the gradient of {@link logSoftmax}. Inputs: y, dy. */
export const logSoftmaxGradient: Composite<SoftmaxAttributes> = {
  name: 'logSoftmaxGradient',
  overwrites: () => [[0]],
  decompose: (b, [y, dy], { axis }) => [b.sub(dy!, b.mul(b.exp(y!), b.sum(dy!, axis, true)))],
};

/** yᵢ = e^xᵢ / Σⱼ e^xⱼ along an axis. */
export const softmax: Composite<SoftmaxAttributes> = {
  name: 'softmax',
  overwrites: () => [[0]],
  check: (inputs) => expectFloat('softmax', inputs),
  decompose(b, [x], { axis }) {
    if (x!.shape[axis] === 0) return [b.copy(x!)];
    const e = b.exp(shifted(b, x!, axis));
    return [b.div(e, b.sum(e, axis, true))];
  },
  vjp: (b, { outputs: [y], cotangents: [dy], attributes }) => [b.apply(softmaxGradient, [y!, dy!], attributes)],
};

/** yᵢ = xᵢ − ln Σⱼ e^xⱼ along an axis. */
export const logSoftmax: Composite<SoftmaxAttributes> = {
  name: 'logSoftmax',
  overwrites: () => [[0]],
  check: (inputs) => expectFloat('logSoftmax', inputs),
  decompose(b, [x], { axis }) {
    if (x!.shape[axis] === 0) return [b.copy(x!)];
    const s = shifted(b, x!, axis);
    return [b.sub(s, b.log(b.sum(b.exp(s), axis, true)))];
  },
  vjp: (b, { outputs: [y], cotangents: [dy], attributes }) => [b.apply(logSoftmaxGradient, [y!, dy!], attributes)],
};
