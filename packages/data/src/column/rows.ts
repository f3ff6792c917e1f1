import { sameShape, sizeOf, treeFlatten, treeMap, type TypedArray } from '@tessera/core';
import { sameType, zerosOf } from './array.ts';
import type { Column } from './column.ts';
import type { AnyColumn } from './column-tree.ts';
import { isRagged } from './ragged-column.ts';

/** The examples of a tree of columns at the given places, copied. */
export function gatherTree<C>(tree: C, indices: ArrayLike<number>): C {
  return treeMap((column: AnyColumn) => (isRagged(column) ? column.gather(indices) : gatherRows(column, indices)), tree) as unknown as C;
}

/** The rows of a column at the given places, copied. */
function gatherRows<A extends TypedArray | readonly string[]>({ data, shape, lengths }: Column<A>, indices: ArrayLike<number>): Column<A> {
  const width = sizeOf(shape.slice(1));
  const rows = isNumeric(data) ? zerosOf(data, indices.length * width) : new Array<string>(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * width;
    if (isNumeric(data)) (rows as Float32Array).set(data.subarray(start, start + width) as Float32Array, i * width);
    else for (let k = 0; k < width; k++) (rows as string[])[i * width + k] = data[start + k] as string;
  }
  return {
    '~column': true,
    data: rows as unknown as A,
    shape: [indices.length, ...shape.slice(1)],
    ...(lengths && { lengths: Int32Array.from(indices as number[], (index) => lengths[index]!) }),
  };
}

/** The examples of trees of like columns one after another; or the path where the trees differ. */
export function concatTrees<C>(trees: readonly C[]): { readonly columns: C } | { readonly differs: string } {
  const [first, ...others] = trees.map((tree) => treeFlatten(tree));
  const columns: AnyColumn[] = [];
  for (const [i, leaf] of first!.leaves.entries()) {
    const leaves = [leaf, ...others.map((other) => (other.paths[i] === first!.paths[i] ? other.leaves[i] : undefined))] as AnyColumn[];
    if (!leaves.every((other) => other && sameKind(leaves[0]!, other))) return { differs: first!.paths[i]! };
    columns.push(concatRows(leaves));
  }
  const longer = others.find(({ paths }) => paths.length > columns.length);
  return longer ? { differs: longer.paths[columns.length]! } : { columns: first!.unflatten(columns) as C };
}

function sameKind(a: AnyColumn, b: AnyColumn): boolean {
  if (!sameType(a.data, b.data)) return false;
  if (isRagged(a)) return isRagged(b) && sameShape(a.stepShape, b.stepShape);
  return !isRagged(b) && sameShape(a.shape.slice(1), b.shape.slice(1)) && !a.lengths === !b.lengths;
}

function concatRows(columns: readonly AnyColumn[]): AnyColumn {
  const [first] = columns;
  if (isRagged(first!)) return first.concat(...(columns.slice(1) as (typeof first)[]));
  const parts = columns as readonly Column<TypedArray | readonly string[]>[];
  const { shape, lengths } = parts[0]!;
  const count = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  return {
    '~column': true,
    data: concatArrays(parts.map(({ data }) => data)),
    shape: [count, ...shape.slice(1)],
    ...(lengths && { lengths: concatArrays(parts.map((part) => part.lengths!)) }),
  };
}

function concatArrays<A extends TypedArray | readonly string[]>(arrays: readonly A[]): A {
  const [first] = arrays;
  if (!isNumeric(first!)) return arrays.flat() as unknown as A;
  const all = zerosOf(
    first,
    arrays.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const array of arrays) {
    all.set(array as never, at);
    at += array.length;
  }
  return all;
}

function isNumeric<A extends TypedArray | readonly string[]>(data: A): data is A & TypedArray {
  return !Array.isArray(data);
}
