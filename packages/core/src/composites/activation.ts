import { type Composite, defineOp } from '../op.ts';
import type { None } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';

/** max(x, 0); NaN stays. The gradient at 0 is 0. */
export const relu: Composite<None> = defineOp<None>({
  name: 'relu',
  elementwise: true,
  decompose: (b, [x]) => [b.maximum(x!, 0)],
  vjp: (b, { outputs: [y], cotangents: [dy] }) => [b.select(b.lessEqual(y!, 0), 0, dy!)],
});

/** σ(x) = 1 / (1 + e⁻ˣ), in the form that never overflows: with t = e^−|x|, 1/(1+t) or t/(1+t). */
export const sigmoid: Composite<None> = defineOp<None>({
  name: 'sigmoid',
  elementwise: true,
  check: (inputs) => expectFloat('sigmoid', inputs),
  decompose(b, [x]) {
    const t = b.exp(b.neg(b.abs(x!)));
    return [b.div(b.select(b.less(x!, 0), t, 1), b.add(t, 1))];
  },
  // σ' = σ(1 − σ)
  vjp: (b, { outputs: [y], cotangents: [dy] }) => [b.mul(dy!, b.mul(y!, b.sub(1, y!)))],
});

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|). */
export const softplus: Composite<None> = defineOp<None>({
  name: 'softplus',
  check: (inputs) => expectFloat('softplus', inputs),
  decompose: (b, [x]) => [b.add(b.maximum(x!, 0), b.log1p(b.exp(b.neg(b.abs(x!)))))],
  vjp: (b, { inputs: [x], cotangents: [dy] }) => [b.mul(dy!, b.apply(sigmoid, [x!], {}))],
});

/** x · σ(x), also known as swish. */
export const silu: Composite<None> = defineOp<None>({
  name: 'silu',
  decompose: (b, [x]) => [b.mul(x!, b.apply(sigmoid, [x!], {}))],
});

/** Attributes of {@link gelu}. */
export interface GeluAttributes {
  readonly approximate: 'none' | 'tanh';
}

/**
 * x · Φ(x) with the normal distribution function Φ(x) = ½(1 + erf(x/√2)), or its approximation by tanh.
 *
 * @see Hendrycks, Gimpel 2016, "Gaussian Error Linear Units". https://arxiv.org/abs/1606.08415
 */
export const gelu: Composite<GeluAttributes> = defineOp<GeluAttributes>({
  name: 'gelu',
  check: (inputs) => expectFloat('gelu', inputs),
  decompose(b, [x], { approximate }) {
    const phi =
      approximate === 'none'
        ? b.erf(b.mul(x!, Math.SQRT1_2))
        : b.tanh(b.mul(b.add(x!, b.mul(b.mul(b.mul(x!, x!), x!), 0.044715)), Math.sqrt(2 / Math.PI)));
    return [b.mul(b.mul(x!, 0.5), b.add(phi, 1))];
  },
});
