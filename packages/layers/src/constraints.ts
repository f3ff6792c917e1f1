import type { Tensor } from '@tessera/tensor';
import { factory } from './options/named.ts';

/** What a variable's value is made to be after each update by the trainer. */
export type Constraint = (value: Tensor) => Tensor;

/** Options of constraints on norms. */
export type NormOptions = {
  /** The axes over which a norm is taken (default 0: of a Dense kernel, the weights of each unit). */
  readonly axis?: number | number[];
};

const norm = (value: Tensor, axis: number | number[]): Tensor => value.square().sum({ axis, keepDims: true }).sqrt();
// A norm of 0 stays 0.
const scaled = (value: Tensor, wanted: Tensor, norms: Tensor): Tensor => value.mul(wanted.div(norms.add(1e-7)));

/** w·min(‖w‖, max)/‖w‖ */
export const maxNorm: (max?: number, options?: NormOptions) => Constraint = factory('maxNorm', (max = 2, { axis = 0 } = {}) => (value) => {
  const norms = norm(value, axis);
  return scaled(value, norms.minimum(max), norms);
});

/** w·clip(‖w‖, min, max)/‖w‖, approached by a share `rate` of the way. */
export const minMaxNorm: (options?: NormOptions & { readonly min?: number; readonly max?: number; readonly rate?: number }) => Constraint =
  factory('minMaxNorm', ({ min = 0, max = 1, rate = 1, axis = 0 } = {}) => (value) => {
    const norms = norm(value, axis);
    return scaled(
      value,
      norms
        .maximum(min)
        .minimum(max)
        .mul(rate)
        .add(norms.mul(1 - rate)),
      norms,
    );
  });

/** w/‖w‖ */
export const unitNorm: (options?: NormOptions) => Constraint = factory('unitNorm', ({ axis = 0 } = {}) => (value) => {
  const norms = norm(value, axis);
  return scaled(value, norms.mul(0).add(1), norms);
});

/** max(w, 0) */
export const nonNeg: () => Constraint = factory('nonNeg', () => (value) => value.maximum(0));
