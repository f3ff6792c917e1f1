import type { Builder } from '../builder.ts';
import type { Composite, Spec } from '../op.ts';
import type { None } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';

/** max(x, 0); NaN stays. The gradient at 0 is 0. */
export const relu: Composite<None> = {
  name: 'relu',
  elementwise: true,
  decompose: (b, [x]) => [b.maximum(x!, 0)],
  vjp: (b, { outputs: [y], cotangents: [dy] }) => [b.select(b.lessEqual(y!, 0), 0, dy!)],
};

/** σ(x) = 1 / (1 + e⁻ˣ), in the form that never overflows: with t = e^−|x|, 1/(1+t) or t/(1+t). */
export const sigmoid: Composite<None> = {
  name: 'sigmoid',
  elementwise: true,
  check: (inputs) => expectFloat('sigmoid', inputs),
  decompose(b, [x]) {
    const t = b.exp(b.neg(b.abs(x!)));
    return [b.div(b.select(b.less(x!, 0), t, 1), b.add(t, 1))];
  },
  // σ' = σ(1 − σ)
  vjp: (b, { outputs: [y], cotangents: [dy] }) => [b.mul(dy!, b.mul(y!, b.sub(1, y!)))],
};

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|). */
export const softplus: Composite<None> = {
  name: 'softplus',
  check: (inputs) => expectFloat('softplus', inputs),
  decompose: (b, [x]) => [b.add(b.maximum(x!, 0), b.log1p(b.exp(b.neg(b.abs(x!)))))],
  vjp: (b, { inputs: [x], cotangents: [dy] }) => [b.mul(dy!, b.apply(sigmoid, [x!], {}))],
};

/** x · σ(x), also known as swish. */
export const silu: Composite<None> = {
  name: 'silu',
  decompose: (b, [x]) => [b.mul(x!, b.apply(sigmoid, [x!], {}))],
};

/** Φ(x) = ½(1 + erf(x/√2)), the normal distribution function. */
function normalDistribution<T extends Spec>(b: Builder<T>, x: T): T {
  return b.mul(b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/**
 * x · Φ(x) with the normal distribution function Φ(x) = ½(1 + erf(x/√2)).
 *
 * @see Hendrycks, Gimpel 2016, "Gaussian Error Linear Units". https://arxiv.org/abs/1606.08415
 */
export const gelu: Composite<None> = {
  name: 'gelu',
  elementwise: true,
  check: (inputs) => expectFloat('gelu', inputs),
  decompose: (b, [x]) => [b.mul(x!, normalDistribution(b, x!))],
  // y' = Φ(x) + x·φ(x) with the density φ(x) = e^(−x²/2)/√(2π)
  vjp(b, { inputs: [x], cotangents: [dy] }) {
    const density = b.mul(b.exp(b.mul(b.mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [b.mul(dy!, b.add(normalDistribution(b, x!), b.mul(x!, density)))];
  },
};

const [SLOPE, CUBE] = [Math.sqrt(2 / Math.PI), 0.044715];

/** t = tanh(√(2/π)·(x + 0.044715·x³)) */
function cubicTanh<T extends Spec>(b: Builder<T>, x: T): T {
  return b.tanh(b.mul(x, b.add(b.mul(b.mul(x, x), CUBE * SLOPE), SLOPE)));
}

/** x · ½(1 + tanh(√(2/π)·(x + 0.044715·x³))): {@link gelu} approximated. */
export const geluTanh: Composite<None> = {
  name: 'geluTanh',
  elementwise: true,
  check: (inputs) => expectFloat('geluTanh', inputs),
  decompose: (b, [x]) => [b.mul(b.mul(x!, 0.5), b.add(cubicTanh(b, x!), 1))],
  // y' = ½(1 + t) + ½x(1 − t²)·√(2/π)(1 + 3·0.044715·x²)
  vjp(b, { inputs: [x], cotangents: [dy] }) {
    const t = cubicTanh(b, x!);
    const inner = b.add(b.mul(b.mul(x!, x!), 3 * CUBE * SLOPE), SLOPE);
    const slope = b.add(b.add(t, 1), b.mul(b.mul(x!, b.sub(1, b.mul(t, t))), inner));
    return [b.mul(dy!, b.mul(slope, 0.5))];
  },
};
