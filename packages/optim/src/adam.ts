import { expm1, type Tensor, zerosLike } from '@tessera/tensor';
import { flushToZero, LEAST_MEAN, LEAST_SQUARE } from './flush-to-zero.ts';
import { advance, type Progress, type Schedule, startProgress } from './learning-rate.ts';
import { mapParameters, oneGroup, type Optimizer, type Parameters } from './optimizer.ts';
import { decayed } from './sgd.ts';

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number | Schedule;
  /** Decay of the mean of gradients (default 0.9). */
  readonly beta1?: number;
  /** Decay of the mean of their squares (default 0.999). */
  readonly beta2?: number;
  /** Added to the denominator (default 1e-8). */
  readonly epsilon?: number;
  /** Adam: L2 penalty, added to the gradient (default 0). AdamW: decoupled decay (default 0.01). */
  readonly weightDecay?: number;
  /** Divides by the largest mean of squares so far (default `false`). */
  readonly amsgrad?: boolean;
  readonly maximize?: boolean;
}

/** State of {@link adam}. */
export interface AdamState extends Progress {
  /** Mean of gradients. */
  readonly mean: Parameters;
  /** Mean of squared gradients. */
  readonly square: Parameters;
  /** The largest of those, for AMSGrad. */
  readonly largest?: Parameters;
}

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 *
 * @see Kingma, Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1. https://arxiv.org/abs/1412.6980
 * @see Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond", for AMSGrad. https://openreview.net/forum?id=ryQu7f-RZ
 */
export function adam(options: AdamOptions = {}): Optimizer<AdamState> {
  return makeAdam({ weightDecay: 0, ...options }, false);
}

/**
 * Adam with decoupled weight decay: θ ← θ − ηλθ beside Adam's step on the plain gradient.
 *
 * @see Loshchilov, Hutter 2019, "Decoupled Weight Decay Regularization". https://arxiv.org/abs/1711.05101
 */
export function adamw(options: AdamOptions = {}): Optimizer<AdamState> {
  return makeAdam({ weightDecay: 0.01, ...options }, true);
}

function makeAdam(
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, amsgrad = false, maximize = false }: AdamOptions,
  decoupled: boolean,
): Optimizer<AdamState> {
  const zeros = (parameters: Parameters): Parameters => mapParameters((x) => zerosLike(x), parameters);
  return {
    groupOf: oneGroup,
    learningRate,
    init: (parameters) => ({
      ...startProgress(learningRate, parameters),
      mean: zeros(parameters),
      square: zeros(parameters),
      ...(amsgrad ? { largest: zeros(parameters) } : {}),
    }),
    update(gradients, state, parameters) {
      const { rate, count, next } = advance(learningRate, state);
      const slopes = mapParameters((g, x) => decayed(g, x, decoupled ? 0 : weightDecay, maximize), gradients, parameters);
      const mean = mapParameters((m, g) => flushToZero(m.mul(beta1).add(g.mul(1 - beta1)), LEAST_MEAN), state.mean, slopes);
      const square = mapParameters((v, g) => flushToZero(v.mul(beta2).add(g.square().mul(1 - beta2)), LEAST_SQUARE), state.square, slopes);
      const largest = state.largest && mapParameters((a, v) => a.maximum(v), state.largest, square);
      const unbias = (beta: number): Tensor => expm1(count.mul(Math.log(beta))).neg();
      // What is one number for all elements is worked out once: signs and divisions do not recur at each.
      const [size, scale] = [rate.div(unbias(beta1)).neg(), unbias(beta2).sqrt().reciprocal()];
      const step = (m: Tensor, v: Tensor, x: Tensor): Tensor => {
        const update = m.mul(size).div(v.sqrt().mul(scale).add(epsilon));
        return decoupled && weightDecay !== 0 ? update.sub(x.mul(rate.mul(weightDecay))) : update;
      };
      const updates = mapParameters(step as never, mean, largest ?? square, parameters);
      return { updates, state: { ...next, mean, square, ...(largest ? { largest } : {}) } };
    },
  };
}
