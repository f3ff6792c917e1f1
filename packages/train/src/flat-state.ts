import { StateError } from '@tessera/core';
import { type FlatParameters, isTensor, type Tensor } from '@tessera/tensor';

/** A state over flat vectors, taken apart: each leaf under its name, as it would be had the parameters come one by one. */
export interface NamedState {
  readonly leaves: ReadonlyMap<string, Tensor>;
  /** The state with other leaves, by name. @throws StateError for a name that is missing. */
  rebuild(leaves: ReadonlyMap<string, Tensor>): unknown;
}

/**
 * Takes an optimizer's state apart, with a leaf for each parameter in place of one for a vector of them: so it is kept in files and
 * handed on where parameters are laid out anew, whatever the vectors are. Names are dotted paths: `mean.dense.kernel`. The leaves are
 * views of the vectors.
 */
export function nameState(state: unknown, flat: FlatParameters): NamedState {
  const leaves = new Map<string, Tensor>();
  type Rebuild = (given: ReadonlyMap<string, Tensor>) => unknown;
  const leaf = (name: string, value: Tensor): ((given: ReadonlyMap<string, Tensor>) => Tensor) => {
    leaves.set(name, value);
    return (given) => {
      const other = given.get(name);
      if (other) return other;
      throw new StateError(`[restore] the state must have a value for ${name}`);
    };
  };
  const take = (value: unknown, path: string): Rebuild => {
    const below = (key: string): string => (path ? `${path}.${key}` : key);
    if (isTensor(value)) return leaf(path, value);
    if (flat.isFlat(value)) {
      const parts = Object.entries(flat.unflatten(value)).map(([key, part]) => [key, leaf(below(key), part)] as const);
      return (given) => flat.flatten(Object.fromEntries(parts.map(([key, put]) => [key, put(given)])));
    }
    const entries = Object.entries(value as object).map(([key, child]) => [key, take(child, below(key))] as const);
    if (Array.isArray(value)) return (given) => entries.map(([, put]) => put(given));
    return (given) => Object.fromEntries(entries.map(([key, put]) => [key, put(given)]));
  };
  return { leaves, rebuild: take(state, '') };
}
