import { UsageError } from './errors.ts';

/** Values nested in arrays and plain objects. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** The same nesting with other leaves. */
export type Mapped<X, From, To> = X extends From ? To : X extends object ? { [K in keyof X]: Mapped<X[K], From, To> } : X;

/** A tree taken apart: its leaves in order, their dotted paths, and how to put others in their places. */
export interface Flattened {
  readonly leaves: readonly unknown[];
  readonly paths: readonly string[];
  unflatten(leaves: readonly unknown[]): unknown;
}

// Tensors, variables, columns and specs carry a brand, so that a plain object made to look like one is a leaf as well.
const BRANDS = ['~tensor', '~variable', '~column', '~spec'] as const;

function isBranch(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) && !BRANDS.some((brand) => brand in value);
}

/** Takes a tree apart. Whatever is not an array or a plain object, and whatever carries a brand, is a leaf. */
export function treeFlatten(tree: unknown): Flattened {
  const leaves: unknown[] = [];
  const paths: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (!isBranch(value)) {
      leaves.push(value);
      paths.push(path);
      return;
    }
    for (const [key, child] of Object.entries(value)) visit(child, path ? `${path}.${key}` : key);
  };
  visit(tree, '');

  const unflatten = (replacements: readonly unknown[]): unknown => {
    let next = 0;
    const build = (value: unknown): unknown => {
      if (!isBranch(value)) return replacements[next++];
      if (Array.isArray(value)) return value.map(build);
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, build(child)]));
    };
    return build(tree);
  };
  return { leaves, paths, unflatten };
}

/** The leaves of a tree in order. */
export function treeLeaves(tree: unknown): readonly unknown[] {
  return treeFlatten(tree).leaves;
}

/** The tree with `f` applied to each leaf, and to the leaves at the same places of the other trees. */
export function treeMap<T, R, X>(f: (leaf: T, ...others: never[]) => R, tree: X, ...others: readonly unknown[]): Mapped<X, T, R> {
  const { leaves, paths, unflatten } = treeFlatten(tree);
  const rest = others.map((other) => treeFlatten(other));
  for (const other of rest) {
    const differs = paths.findIndex((path, i) => path !== other.paths[i]);
    if (differs >= 0 || other.paths.length !== paths.length) {
      const at = differs >= 0 ? differs : paths.length;
      throw new UsageError(`[treeMap] trees must have the same structure: got ${paths[at]} and ${other.paths[at]}`);
    }
  }
  return unflatten(leaves.map((leaf, i) => f(leaf as T, ...(rest.map((other) => other.leaves[i]) as never[])))) as Mapped<X, T, R>;
}
