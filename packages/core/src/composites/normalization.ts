import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { formatShape } from '../shape.ts';

/** Attributes of normalisations. */
export interface NormalizationAttributes {
  /** ε, added to the variance. */
  readonly epsilon: number;
}

/** Attributes of {@link layerNormalization}. */
export interface LayerNormalizationAttributes extends NormalizationAttributes {
  /** Whether the mean is taken off; without it, this is RMS normalisation. */
  readonly centered: boolean;
}

/** γ and β must have one element for each of the last axis. */
export function expectFeatures(op: string, inputs: readonly Spec[]): void {
  const [x, gamma, beta] = inputs.map(({ shape }) => shape);
  const fits = [gamma!, beta!].every((shape) => shape.length === 1 && shape[0] === x!.at(-1));
  if (fits) return;
  throw new ShapeError(
    `[${op}] γ and β must be as long as the last axis: got ${formatShape(gamma!)} and ${formatShape(beta!)} for ${formatShape(x!)}`,
  );
}

/** x̂ = (x − μ)·r over the last axis, and r = 1/√(mean (x − μ)² + ε). */
function normalized<T extends Spec>(b: Builder<T>, x: T, { epsilon, centered }: LayerNormalizationAttributes): [T, T] {
  const axis = x.shape.length - 1;
  const length = x.shape[axis]!;
  const centred = centered ? b.sub(x, b.div(b.sum(x, axis, true), length)) : x;
  const variance = b.div(b.sum(b.mul(centred, centred), axis, true), length);
  const r = b.div(1, b.sqrt(b.add(variance, epsilon)));
  return [b.mul(centred, r), r];
}

/** Gradients of {@link layerNormalization}. Inputs: x, γ, dy; outputs: dx, dγ, dβ. */
export const layerNormalizationGradient: Composite<LayerNormalizationAttributes> = {
  name: 'layerNormalizationGradient',
  overwrites: () => [[2]],
  // With g = dy·γ: dx = r·(g − mean g − x̂·mean(g·x̂)), where the first mean is that of the mean taken off.
  decompose(b, [x, gamma, dy], attributes) {
    const axis = x!.shape.length - 1;
    const length = x!.shape[axis]!;
    const [unit, r] = normalized(b, x!, attributes);
    const g = b.mul(dy!, gamma!);
    const along = b.mul(unit, b.div(b.sum(b.mul(g, unit), axis, true), length));
    const centred = attributes.centered ? b.sub(g, b.div(b.sum(g, axis, true), length)) : g;
    return [b.mul(r, b.sub(centred, along)), b.sumTo(b.mul(dy!, unit), gamma!.shape), b.sumTo(dy!, gamma!.shape)];
  },
};

/**
 * y = (x − μ)/√(σ² + ε)·γ + β over the last axis, with its mean μ and variance σ²; not centred, μ is 0.
 *
 * Shapes: x `[..., n]`, γ and β `[n]` → y as x.
 *
 * @see Ba, Kiros, Hinton 2016. https://arxiv.org/abs/1607.06450
 * @see Zhang, Sennrich 2019, "Root Mean Square Layer Normalization". https://arxiv.org/abs/1910.07467
 */
export const layerNormalization: Composite<LayerNormalizationAttributes> = {
  name: 'layerNormalization',
  overwrites: () => [[0]],
  check(inputs) {
    expectFloat('layerNormalization', inputs);
    expectFeatures('layerNormalization', inputs);
  },
  decompose(b, [x, gamma, beta], attributes) {
    const [unit] = normalized(b, x!, attributes);
    return [b.add(b.mul(unit, gamma!), beta!)];
  },
  vjp: (b, { inputs: [x, gamma], cotangents: [dy], attributes }) => b.applyAll(layerNormalizationGradient, [x!, gamma!, dy!], attributes),
};
