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

/**
 * The tree with `f` applied to each leaf, and to the leaves at the same paths of the other trees, in whatever order their keys come.
 *
 * @throws UsageError if a tree has not the structure of the first.
 */
export function treeMap<T, R, X>(f: (leaf: T, ...others: never[]) => R, tree: X, ...others: readonly unknown[]): Mapped<X, T, R> {
  const { leaves, paths, unflatten } = treeFlatten(tree);
  const rest = others.map((other) => leavesAt(paths, treeFlatten(other)));
  return unflatten(leaves.map((leaf, i) => f(leaf as T, ...(rest.map((other) => other[i]) as never[])))) as Mapped<X, T, R>;
}

/** The leaves of a tree in the order of given paths. */
function leavesAt(paths: readonly string[], { leaves, paths: own }: Flattened): readonly unknown[] {
  if (paths.length === own.length && paths.every((path, i) => path === own[i])) return leaves;
  const byPath = new Map(own.map((path, i) => [path, leaves[i]]));
  const missing = paths.find((path) => !byPath.has(path));
  const extra = own.find((path) => !paths.includes(path));
  if (missing === undefined && extra === undefined && byPath.size === paths.length) return paths.map((path) => byPath.get(path));
  throw new UsageError(
    `[treeMap] trees must have the same structure: got ${extra === undefined ? 'nothing' : extra || 'one leaf'} for ${missing === undefined ? 'nothing' : missing || 'one leaf'}`,
  );
}
