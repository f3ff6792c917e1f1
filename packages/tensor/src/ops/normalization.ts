import * as composites from '@tessera/core/composites';
import { ones, zeros } from '../creation.ts';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { asFloat } from './promote.ts';

/** What normalisations take. */
export interface NormalizationOptions {
  /** γ `[n]`, by default ones. */
  readonly gamma?: Tensor | undefined;
  /** β `[n]`, by default zeros. */
  readonly beta?: Tensor | undefined;
  /** ε (default 1e-5). */
  readonly epsilon?: number;
}

/** The input, γ and β of a normalisation. */
function operands(x: Tensor, { gamma, beta }: NormalizationOptions): [Tensor, Tensor, Tensor] {
  const input = asFloat(x);
  const like = { dtype: input.dtype, backend: input.backend };
  const shape = [x.shape.at(-1)!];
  return [input, gamma ?? ones(shape, like), beta ?? zeros(shape, like)];
}

type Normalize = (x: Tensor, options?: NormalizationOptions) => Tensor;
/* @__NO_SIDE_EFFECTS__ */
const normalize = (name: string, centered: boolean): Normalize =>
  op(
    name,
    (x, options = {}) => run(composites.layerNormalization, operands(x, options), { epsilon: options.epsilon ?? 1e-5, centered })[0]!,
  );

/** (x − μ)/√(σ² + ε)·γ + β over the last axis. @see Ba, Kiros, Hinton 2016. https://arxiv.org/abs/1607.06450 */
export const layerNormalization: Normalize = normalize('layerNormalization', true);

/** x/√(mean x² + ε)·γ + β over the last axis. @see Zhang, Sennrich 2019. https://arxiv.org/abs/1910.07467 */
export const rmsNormalization: Normalize = normalize('rmsNormalization', false);

/**
 * y = (x − μ)/√(σ² + ε)·γ + β for each feature of the last axis, with its mean μ and variance σ² over all others: those of this batch.
 *
 * @see Ioffe, Szegedy 2015, "Batch Normalization". https://arxiv.org/abs/1502.03167
 */
export const batchNormalization: (x: Tensor, options?: NormalizationOptions) => { y: Tensor; mean: Tensor; variance: Tensor } = op(
  'batchNormalization',
  (x, options = {}) => {
    const [y, mean, variance] = run(composites.batchNormalization, operands(x, options), { epsilon: options.epsilon ?? 1e-5 });
    return { y: y!, mean: mean!, variance: variance! };
  },
);

/**
 * (x − μ)/√(σ² + ε)·γ + β, with mean μ and variance σ² of each example over groups of neighbouring channels and all places.
 *
 * Shapes: x `[N, ..., C]`, C a multiple of `groups`.
 *
 * @see Wu, He 2018, "Group Normalization". https://arxiv.org/abs/1803.08494
 */
export const groupNormalization: (x: Tensor, groups: number, options?: NormalizationOptions) => Tensor = op(
  'groupNormalization',
  (x, groups, options = {}) => run(composites.groupNormalization, operands(x, options), { epsilon: options.epsilon ?? 1e-5, groups })[0]!,
);
