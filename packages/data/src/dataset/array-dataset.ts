import { type ColumnLikes, type ColumnsOf, columnsOf, type ColumnTree, countExamples } from '../column/column-tree.ts';
import { gatherTree } from '../column/rows.ts';
import { type Batch, checkIndices, type Dataset } from './dataset.ts';

/** Examples in memory. */
export interface ArrayDataset<C = ColumnTree> extends Dataset<C> {
  /** The columns of all examples. */
  readonly columns: C;
  gather(indices: ArrayLike<number>): Batch<C>;
  /** A dataset of the examples at the given places, copied. */
  subset(indices: ArrayLike<number>): ArrayDataset<C>;
  /** The first n examples. */
  take(n: number): ArrayDataset<C>;
}

class InMemory<C> implements ArrayDataset<C> {
  readonly columns: C;
  readonly length: number;

  constructor(columns: C) {
    this.columns = columnsOf('ArrayDataset', columns) as C;
    this.length = countExamples('ArrayDataset', this.columns);
  }

  gather(indices: ArrayLike<number>): Batch<C> {
    checkIndices('ArrayDataset', indices, this.length);
    return { size: indices.length, columns: gatherTree(this.columns, indices) };
  }

  subset(indices: ArrayLike<number>): ArrayDataset<C> {
    return new InMemory(this.gather(indices).columns);
  }

  take(n: number): ArrayDataset<C> {
    return this.subset(Array.from({ length: Math.min(n, this.length) }, (_, i) => i));
  }
}

/**
 * Makes a dataset of examples in memory: a tree of columns, or of plain objects `{ data, shape }`, which become columns.
 *
 * @throws DataError if the columns differ in length, a shape does not fit its data, or something else stands for a column.
 * @example
 * new ArrayDataset({ x: { user: column(users), item: column(items) }, y: column(ratings) })
 */
export const ArrayDataset: new <T>(columns: T & ColumnLikes<T>) => ArrayDataset<ColumnsOf<NoInfer<T>>> = InMemory as never;
