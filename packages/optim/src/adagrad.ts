import { fullLike } from '@tessera/tensor';
import { advance, type Progress, type Schedule, startProgress } from './learning-rate.ts';
import { mapParameters, oneGroup, type Optimizer, type Parameters } from './optimizer.ts';
import { decayed } from './sgd.ts';

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  /** Default 0.01. */
  readonly learningRate?: number | Schedule;
  /** δ: the rate at step t is η/(1 + (t − 1)δ) (default 0). */
  readonly learningRateDecay?: number;
  /** What the sums of squares start from (default 0). */
  readonly initialAccumulator?: number;
  /** Added to the denominator (default 1e-10). */
  readonly epsilon?: number;
  /** L2 penalty, added to the gradient (default 0). */
  readonly weightDecay?: number;
  readonly maximize?: boolean;
}

/** State of {@link adagrad}. */
export interface AdagradState extends Progress {
  readonly sum: Parameters;
}

/**
 * Adagrad: s ← s + g², θ ← θ − η·g/(√s + ε).
 *
 * @see Duchi, Hazan, Singer 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization".
 */
export function adagrad({
  learningRate = 0.01,
  learningRateDecay = 0,
  initialAccumulator = 0,
  epsilon = 1e-10,
  weightDecay = 0,
  maximize = false,
}: AdagradOptions = {}): Optimizer<AdagradState> {
  return {
    groupOf: oneGroup,
    learningRate,
    init: (parameters) => ({
      ...startProgress(learningRate, parameters),
      sum: mapParameters((x) => fullLike(x, initialAccumulator), parameters),
    }),
    update(gradients, state, parameters) {
      const { rate, count, next } = advance(learningRate, state);
      const size = learningRateDecay === 0 ? rate : rate.div(count.sub(1).mul(learningRateDecay).add(1));
      const slopes = mapParameters((g, x) => decayed(g, x, weightDecay, maximize), gradients, parameters);
      const sum = mapParameters((s, g) => s.add(g.square()), state.sum, slopes);
      const updates = mapParameters((g, s) => g.mul(size).div(s.sqrt().add(epsilon)).neg(), slopes, sum);
      return { updates, state: { ...next, sum } };
    },
  };
}
