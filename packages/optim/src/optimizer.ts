import { type Tensor, treeMap } from '@tessera/tensor';
import type { Schedule } from './learning-rate.ts';

/** A tree of tensors: parameters, their gradients, their updates. */
export type Parameters = Tensor | readonly Parameters[] | { readonly [key: string]: Parameters };

/**
 * A pure optimizer: it holds nothing. `init` makes the state for parameters; `update` maps gradients, state and
 * parameters to what is to be added to the parameters, and the next state. The state is a tree of tensors.
 */
export interface Optimizer<S = unknown> {
  /**
   * The group of a parameter, by its dotted path. Those of one group may be handed over end to end, as one vector under the path of the
   * first, because their elements are treated alike; what the state holds of a parameter must then have its shape. A parameter of no
   * group must come as it is, and so must all where this function is missing.
   */
  groupOf?(path: string): string | undefined;
  /** The learning rate that it was made with, where it has one. */
  readonly learningRate?: number | Schedule | undefined;
  init(parameters: Parameters): S;
  update(gradients: Parameters, state: S, parameters: Parameters): { updates: Parameters; state: S };
}

/** parameter + update, for every leaf. */
export function applyUpdates<P extends Parameters>(parameters: P, updates: Parameters): P {
  return treeMap((parameter: Tensor, update: Tensor) => parameter.add(update), parameters, updates) as P;
}

/** Maps the leaves of trees of one structure. */
export function mapParameters(f: (...leaves: Tensor[]) => Tensor, first: Parameters, ...others: readonly Parameters[]): Parameters {
  return treeMap(f as never, first, ...others) as Parameters;
}

/** The group of every parameter where an update rule goes by elements, or by all of them together. */
export const oneGroup = (): string => '';

/** One update rule after another: each gets what the one before it gives. */
export function chain(...optimizers: readonly Optimizer[]): Optimizer<readonly unknown[]> {
  return {
    groupOf(path) {
      const names = optimizers.map((optimizer) => optimizer.groupOf?.(path));
      return names.includes(undefined) ? undefined : names.join(' then ');
    },
    learningRate: commonRate(optimizers),
    init: (parameters) => optimizers.map((optimizer) => optimizer.init(parameters)),
    update(gradients, states, parameters) {
      let updates = gradients;
      const next = optimizers.map((optimizer, i) => {
        const result = optimizer.update(updates, states[i], parameters);
        updates = result.updates;
        return result.state as unknown;
      });
      return { updates, state: next };
    },
  };
}

/** The learning rate that optimizers have in common. */
export function commonRate(optimizers: readonly Optimizer[]): number | Schedule | undefined {
  const rates = new Set(optimizers.flatMap(({ learningRate }) => learningRate ?? []));
  return rates.size === 1 ? [...rates][0] : undefined;
}
