import { UsageError } from '@tessera/core';
import { treeFlatten } from '@tessera/tensor';
import { commonRate, type Optimizer, type Parameters } from './optimizer.ts';

/** Which parameters an optimizer of {@link groups} takes. */
export interface Group {
  /** Whether it takes the parameter at a dotted path; a group without takes what is left. */
  readonly match?: (path: string) => boolean;
  readonly optimizer: Optimizer;
}

/** Different optimizers (or options) for different parameters: each goes to the first group that takes it. */
export function groups(list: readonly Group[]): Optimizer<readonly unknown[]> {
  const ownerOf = (path: string): number => {
    const owner = list.findIndex(({ match }) => match?.(path) ?? true);
    if (owner < 0) throw new UsageError(`[groups] every parameter must be in a group: got none for ${path}`);
    return owner;
  };
  const split = (tree: Parameters): { parts: Record<string, Parameters>[]; join(parts: readonly Parameters[]): Parameters } => {
    const { leaves, paths, unflatten } = treeFlatten(tree);
    const parts = list.map((): Record<string, Parameters> => ({}));
    const owners = paths.map((path, i) => {
      const owner = ownerOf(path);
      parts[owner]![path] = leaves[i] as Parameters;
      return owner;
    });
    const join = (pieces: readonly Parameters[]): Parameters =>
      unflatten(paths.map((path, i) => (pieces[owners[i]!] as Record<string, Parameters>)[path])) as Parameters;
    return { parts, join };
  };
  return {
    groupOf(path) {
      const owner = ownerOf(path);
      const inside = list[owner]!.optimizer.groupOf?.(path);
      return inside === undefined ? undefined : `${owner} ${inside}`;
    },
    learningRate: commonRate(list.map(({ optimizer }) => optimizer)),
    init: (parameters) => split(parameters).parts.map((part, i) => list[i]!.optimizer.init(part)),
    update(gradients, states, parameters) {
      const [slopes, values] = [split(gradients), split(parameters)];
      const results = list.map(({ optimizer }, i) => optimizer.update(slopes.parts[i]!, states[i], values.parts[i]!));
      return { updates: slopes.join(results.map(({ updates }) => updates)), state: results.map(({ state }) => state) };
    },
  };
}
