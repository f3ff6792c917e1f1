import { type FlatParameters, isTensor, type Tensor, treeMap } from '@tessera/tensor';

/** A state over flat vectors, taken apart: its leaves as they would be had the parameters come one by one. */
export interface FlattenedState {
  readonly leaves: readonly Tensor[];
  /** The state with other such leaves in their places. */
  unflatten(leaves: readonly Tensor[]): unknown;
}

/**
 * Takes an optimizer's state apart as `treeFlatten` does, with a leaf for each parameter in place of one for a vector of them: so it
 * is kept in files, whatever the vectors are. The leaves are views of the vectors.
 */
export function flattenState(state: unknown, flat: FlatParameters): FlattenedState {
  const leaves: Tensor[] = [];
  const take = (value: unknown): ((next: () => Tensor) => unknown) => {
    if (isTensor(value)) {
      leaves.push(value);
      return (next) => next();
    }
    if (flat.isFlat(value)) {
      const parts = flat.unflatten(value);
      leaves.push(...Object.values(parts));
      return (next) => flat.flatten(treeMap(next as never, parts));
    }
    const branch = value as object;
    const entries = Object.entries(branch).map(([key, child]) => [key, take(child)] as const);
    if (Array.isArray(branch)) return (next) => entries.map(([, put]) => put(next));
    return (next) => Object.fromEntries(entries.map(([key, put]) => [key, put(next)]));
  };
  const put = take(state);
  return {
    leaves,
    unflatten(values) {
      let at = 0;
      return put(() => values[at++]!);
    },
  };
}
