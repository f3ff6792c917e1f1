import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { formatShape, type Shape, sizeOf } from '../shape.ts';
import { expectFeatures, type NormalizationAttributes } from './normalization.ts';

/** Attributes of {@link groupNormalization}. */
export interface GroupNormalizationAttributes extends NormalizationAttributes {
  readonly groups: number;
}

/** `[N, places, groups, C/groups]`: what is normalised together are axes 1 and 3. */
function grouped(shape: Shape, groups: number): Shape {
  const channels = shape.at(-1)!;
  return [shape[0]!, sizeOf(shape.slice(1, -1)), groups, channels / groups];
}

/** x̂ in the form of {@link grouped}, and r = 1/√(σ² + ε). */
function normalized<T extends Spec>(b: Builder<T>, x: T, { epsilon, groups }: GroupNormalizationAttributes): [unit: T, r: T] {
  const parts = b.reshape(x, grouped(x.shape, groups));
  const count = parts.shape[1]! * parts.shape[3]!;
  const centred = b.sub(parts, b.div(b.sum(parts, [1, 3], true), count));
  const r = b.div(1, b.sqrt(b.add(b.div(b.sum(b.mul(centred, centred), [1, 3], true), count), epsilon)));
  return [b.mul(centred, r), r];
}

/** Gradients of {@link groupNormalization}. Inputs: x, γ, dy; outputs: dx, dγ, dβ. */
export const groupNormalizationGradient: Composite<GroupNormalizationAttributes> = {
  name: 'groupNormalizationGradient',
  overwrites: () => [[0, 2]],
  // With g = dy·γ: dx = r·(g − mean g − x̂·mean(g·x̂)) in each group.
  decompose(b, [x, gamma, dy], attributes) {
    const [unit, r] = normalized(b, x!, attributes);
    const g = b.reshape(b.mul(dy!, gamma!), unit.shape);
    const mean = (t: typeof g): typeof g => b.div(b.sum(t, [1, 3], true), unit.shape[1]! * unit.shape[3]!);
    const dx = b.mul(r, b.sub(b.sub(g, mean(g)), b.mul(unit, mean(b.mul(g, unit)))));
    const weighed = b.mul(dy!, b.reshape(unit, x!.shape));
    return [b.reshape(dx, x!.shape), b.sumTo(weighed, gamma!.shape), b.sumTo(dy!, gamma!.shape)];
  },
};

/**
 * y = (x − μ)/√(σ² + ε)·γ + β, with mean μ and variance σ² of each example over groups of neighbouring channels and all places.
 *
 * Shapes: x `[N, ..., C]`, γ and β `[C]` → y as x.
 *
 * @see Wu, He 2018, "Group Normalization". https://arxiv.org/abs/1803.08494
 */
export const groupNormalization: Composite<GroupNormalizationAttributes> = {
  name: 'groupNormalization',
  overwrites: () => [[0]],
  check(inputs, { groups }) {
    expectFloat('groupNormalization', inputs);
    expectFeatures('groupNormalization', inputs);
    const { shape } = inputs[0]!;
    if (shape.length < 2) throw new ShapeError(`[groupNormalization] x must be [N, ..., C]: got ${formatShape(shape)}`);
    if (groups >= 1 && shape.at(-1)! % groups === 0) return;
    throw new ShapeError(`[groupNormalization] channels must be a multiple of groups: got ${shape.at(-1)} and ${groups}`);
  },
  decompose(b, [x, gamma, beta], attributes) {
    const [unit] = normalized(b, x!, attributes);
    return [b.add(b.mul(b.reshape(unit, x!.shape), gamma!), beta!)];
  },
  vjp: (b, { inputs: [x, gamma], cotangents: [dy], attributes }) => b.applyAll(groupNormalizationGradient, [x!, gamma!, dy!], attributes),
};
