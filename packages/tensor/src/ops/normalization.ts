import { composites } from '@tessera/core';
import { ones, zeros } from '../creation.ts';
import { run } from '../door.ts';
import type { Tensor } from '../tensor.ts';
import { asFloat } from './promote.ts';

/** What normalisations over the last axis take. */
export interface NormalizationOptions {
  /** γ `[n]`, by default ones. */
  readonly gamma?: Tensor | undefined;
  /** β `[n]`, by default zeros. */
  readonly beta?: Tensor | undefined;
  /** ε (default 1e-5). */
  readonly epsilon?: number;
}

const normalize =
  (centered: boolean) =>
  (x: Tensor, { gamma, beta, epsilon = 1e-5 }: NormalizationOptions = {}): Tensor => {
    const input = asFloat(x);
    const like = { dtype: input.dtype, backend: input.backend };
    const shape = [x.shape.at(-1)!];
    return run(composites.layerNormalization, [input, gamma ?? ones(shape, like), beta ?? zeros(shape, like)], { epsilon, centered })[0]!;
  };

/** (x − μ)/√(σ² + ε)·γ + β over the last axis. @see Ba, Kiros, Hinton 2016. https://arxiv.org/abs/1607.06450 */
export const layerNormalization: (x: Tensor, options?: NormalizationOptions) => Tensor = normalize(true);

/** x/√(mean x² + ε)·γ + β over the last axis. @see Zhang, Sennrich 2019. https://arxiv.org/abs/1910.07467 */
export const rmsNormalization: (x: Tensor, options?: NormalizationOptions) => Tensor = normalize(false);
