import { sumSquare, type Tensor, treeLeaves } from '@tessera/tensor';
import { mapParameters, oneGroup, type Optimizer, type Parameters } from './optimizer.ts';

/** √Σ g² over all leaves. */
export function globalNorm(gradients: Parameters): Tensor {
  return (treeLeaves(gradients) as Tensor[])
    .map((g) => sumSquare(g))
    .reduce((a, b) => a.add(b))
    .sqrt();
}

const stateless = (clip: (gradients: Parameters) => Parameters, groupOf?: () => string): Optimizer<Record<string, never>> => ({
  ...(groupOf ? { groupOf } : {}),
  init: () => ({}),
  update: (gradients, state) => ({ updates: clip(gradients), state }),
});

/**
 * All gradients scaled by maxNorm/max(‖g‖, maxNorm), ‖g‖ over all of them together.
 *
 * @see Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks". https://arxiv.org/abs/1211.5063
 */
export function clipByGlobalNorm(maxNorm: number): Optimizer<Record<string, never>> {
  return stateless((gradients) => {
    const scale = globalNorm(gradients).maximum(maxNorm).reciprocal().mul(maxNorm);
    return mapParameters((g) => g.mul(scale), gradients);
  }, oneGroup);
}

/** Each gradient scaled down to norm `maxNorm` where it is larger. */
export function clipByNorm(maxNorm: number): Optimizer<Record<string, never>> {
  return stateless((gradients) => mapParameters((g) => g.mul(globalNorm(g).maximum(maxNorm).reciprocal().mul(maxNorm)), gradients));
}

/** Each element kept from −limit to limit. */
export function clipByValue(limit: number): Optimizer<Record<string, never>> {
  return stateless((gradients) => mapParameters((g) => g.maximum(-limit).minimum(limit), gradients), oneGroup);
}
