import type { Builder } from '../builder.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { sizeOf } from '../shape.ts';
import { expectFeatures, type NormalizationAttributes } from './normalization.ts';

const allButLast = (x: Spec): number[] => x.shape.slice(1).map((_, axis) => axis);
/** How many numbers each feature has. */
const countOf = (x: Spec): number => sizeOf(x.shape.slice(0, -1));

/** 1/√(σ² + ε) */
function inverse<T extends Spec>(b: Builder<T>, variance: T, epsilon: number): T {
  return b.div(1, b.sqrt(b.add(variance, epsilon)));
}

/** Gradients of {@link batchNormalization} by way of y. Inputs: x, γ, μ, σ², dy; outputs: dx, dγ, dβ. */
export const batchNormalizationGradient: Composite<NormalizationAttributes> = {
  name: 'batchNormalizationGradient',
  overwrites: () => [[0, 4]],
  // dx = γ·r·(dy − (Σ dy + x̂·Σ dy·x̂)/N)
  decompose(b, [x, gamma, mean, variance, dy], { epsilon }) {
    const axes = allButLast(x!);
    const r = inverse(b, variance!, epsilon);
    const unit = b.mul(b.sub(x!, mean!), r);
    const [dgamma, dbeta] = [b.sum(b.mul(dy!, unit), axes), b.sum(dy!, axes)];
    const carried = b.div(b.add(dbeta, b.mul(unit, dgamma)), countOf(x!));
    return [b.mul(b.mul(gamma!, r), b.sub(dy!, carried)), dgamma, dbeta];
  },
};

/**
 * y = (x − μ)/√(σ² + ε)·γ + β for each feature, with its mean μ and variance σ² over all axes but the last.
 *
 * Shapes: x `[..., C]`, γ and β `[C]` → y as x, μ and σ² `[C]`.
 *
 * @see Ioffe, Szegedy 2015, "Batch Normalization", algorithm 1. https://arxiv.org/abs/1502.03167
 */
export const batchNormalization: Composite<NormalizationAttributes> = {
  name: 'batchNormalization',
  overwrites: () => [[0]],
  check(inputs) {
    expectFloat('batchNormalization', inputs);
    expectFeatures('batchNormalization', inputs);
  },
  decompose(b, [x, gamma, beta], { epsilon }) {
    const [axes, count] = [allButLast(x!), countOf(x!)];
    const mean = b.div(b.sum(x!, axes), count);
    const centred = b.sub(x!, mean);
    const variance = b.div(b.sum(b.mul(centred, centred), axes), count);
    const scale = b.mul(gamma!, inverse(b, variance, epsilon));
    return [b.add(b.mul(centred, scale), beta!), mean, variance];
  },
  vjp(b, { inputs: [x, gamma], outputs: [y, mean, variance], cotangents: [dy, dmean, dvariance], attributes }) {
    const given = dy ?? b.fill(0, y!.shape, y!.dtype);
    const [ofY, dgamma, dbeta] = b.applyAll(batchNormalizationGradient, [x!, gamma!, mean!, variance!, given], attributes);
    let dx = ofY!;
    const count = countOf(x!);
    // dμ/dx = 1/N, dσ²/dx = 2(x − μ)/N
    if (dmean) dx = b.add(dx, b.div(dmean, count));
    if (dvariance) dx = b.add(dx, b.mul(b.sub(x!, mean!), b.mul(dvariance, 2 / count)));
    return [dx, dgamma, dbeta];
  },
};
