import { type Tensor, where, zerosLike } from '@tessera/tensor';
import { flushToZero, LEAST_MEAN } from './flush-to-zero.ts';
import { advance, type Progress, type Schedule, startProgress } from './learning-rate.ts';
import { mapParameters, oneGroup, type Optimizer, type Parameters } from './optimizer.ts';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Default 0.01. */
  readonly learningRate?: number | Schedule;
  /** Default 0: none. */
  readonly momentum?: number;
  /** Takes off the weight of a new gradient in the momentum (default 0). */
  readonly dampening?: number;
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient (default 0). */
  readonly weightDecay?: number;
  /** Climbs instead of descending (default `false`). */
  readonly maximize?: boolean;
}

/** State of {@link sgd}. */
export interface SgdState extends Progress {
  readonly momentum?: Parameters;
}

/**
 * Stochastic gradient descent: v ← μv + (1 − d)g, θ ← θ − ηv; with Nesterov θ ← θ − η(g + μv). The first v is g.
 *
 * The velocity does not contain the learning rate, as in PyTorch.
 *
 * @see Sutskever, Martens, Dahl, Hinton 2013, "On the importance of initialization and momentum in deep learning".
 */
export function sgd({
  learningRate = 0.01,
  momentum = 0,
  dampening = 0,
  nesterov = false,
  weightDecay = 0,
  maximize = false,
}: SgdOptions = {}): Optimizer<SgdState> {
  return {
    groupOf: oneGroup,
    learningRate,
    init: (parameters) => ({
      ...startProgress(learningRate, parameters),
      ...(momentum === 0 ? {} : { momentum: mapParameters((x) => zerosLike(x), parameters) }),
    }),
    update(gradients, state, parameters) {
      const { rate, next } = advance(learningRate, state);
      const slopes = mapParameters((g, x) => decayed(g, x, weightDecay, maximize), gradients, parameters);
      if (!state.momentum) return { updates: mapParameters((g) => g.mul(rate).neg(), slopes), state: next };
      const first = state.step.equal(0);
      const follow = (v: Tensor, g: Tensor): Tensor => where(first, g, flushToZero(v.mul(momentum).add(g.mul(1 - dampening)), LEAST_MEAN));
      const velocity = mapParameters(follow, state.momentum, slopes);
      const direction = nesterov ? mapParameters((g, v) => g.add(v.mul(momentum)), slopes, velocity) : velocity;
      return { updates: mapParameters((d) => d.mul(rate).neg(), direction), state: { ...next, momentum: velocity } };
    },
  };
}

/** The gradient to descend along: turned around to climb, with the L2 penalty's part. */
export function decayed(gradient: Tensor, parameter: Tensor, weightDecay: number, maximize: boolean): Tensor {
  const slope = maximize ? gradient.neg() : gradient;
  return weightDecay === 0 ? slope : slope.add(parameter.mul(weightDecay));
}
