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

// Trees are taken apart several times in every step: no closures, and no lists of entries.

// Tensors, variables, columns and specs carry a brand, so that a plain object made to look like one is a leaf as well.
function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return false;
  return !('~tensor' in value || '~variable' in value || '~column' in value || '~spec' in value);
}

/** Takes a tree apart. Whatever is not an array or a plain object, and whatever carries a brand, is a leaf. */
export function treeFlatten(tree: unknown): Flattened {
  const leaves: unknown[] = [];
  const paths: string[] = [];
  visit(tree, '', leaves, paths);
  const unflatten = (replacements: readonly unknown[]): unknown => {
    let next = 0;
    return mapLeaves(tree, () => replacements[next++]);
  };
  return { leaves, paths, unflatten };
}

function visit(value: unknown, path: string, leaves: unknown[], paths: string[]): void {
  if (!isBranch(value)) {
    leaves.push(value);
    paths.push(path);
    return;
  }
  for (const key of Object.keys(value)) visit(value[key], path ? `${path}.${key}` : key, leaves, paths);
}

function mapLeaves(value: unknown, f: (leaf: unknown) => unknown): unknown {
  if (!isBranch(value)) return f(value);
  if (Array.isArray(value)) return value.map((child) => mapLeaves(child, f));
  // Copied first, so that a key such as `__proto__` is a key of the copy.
  const mapped: Record<string, unknown> = { ...value };
  for (const key of Object.keys(mapped)) mapped[key] = mapLeaves(mapped[key], f);
  return mapped;
}

/** The leaves of a tree in order. */
export function treeLeaves(tree: unknown): readonly unknown[] {
  const leaves: unknown[] = [];
  gather(tree, leaves);
  return leaves;
}

function gather(value: unknown, leaves: unknown[]): void {
  if (isBranch(value)) for (const key of Object.keys(value)) gather(value[key], leaves);
  else leaves.push(value);
}

/**
 * The tree with `f` applied to each leaf, and to the leaves at the same paths of the other trees, in whatever order their keys come.
 *
 * @throws UsageError if a tree has not the structure of the first.
 */
export function treeMap<T, R, X>(f: (leaf: T, ...others: never[]) => R, tree: X, ...others: readonly unknown[]): Mapped<X, T, R> {
  if (others.length === 0) return mapLeaves(tree, f as (leaf: unknown) => unknown) as Mapped<X, T, R>;
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
