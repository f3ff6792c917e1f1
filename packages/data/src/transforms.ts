import { DataError, sameShape, type TypedArray } from '@tessera/core';
import type { Batch, Columns, Dataset } from './array-dataset.ts';
import type { Column } from './column.ts';

/**
 * A dataset whose batches go through a function when they are fetched: augmentation, decoding, scaling.
 *
 * @example
 * map(images, ({ x, y }) => ({ x: scale(x), y }))
 */
export function map<C extends Columns, D extends Columns>(
  dataset: Dataset<C>,
  f: (columns: C, size: number) => D | Promise<D>,
): Dataset<D> {
  return {
    length: dataset.length,
    async gather(indices) {
      const { size, columns } = await dataset.gather(indices);
      return { size, columns: await f(columns, size) };
    },
  };
}

/**
 * The examples of one dataset after those of another.
 *
 * @throws DataError, when a batch is fetched, if the columns of the datasets differ in name, shape or type.
 */
export function concat<C extends Columns>(...datasets: readonly Dataset<C>[]): Dataset<C> {
  const starts: number[] = [];
  let length = 0;
  for (const dataset of datasets) {
    starts.push(length);
    length += dataset.length;
  }
  return {
    length,
    async gather(indices) {
      const owners = Array.from(indices, (index) => starts.findLastIndex((start) => start <= index));
      const parts = datasets.flatMap((dataset, owner) => {
        const places = owners.flatMap((own, place) => (own === owner ? [place] : []));
        if (places.length === 0) return [];
        const local = places.map((place) => indices[place]! - starts[owner]!);
        return [Promise.resolve(dataset.gather(local)).then(({ columns }) => ({ places, columns }))];
      });
      return interleave(await Promise.all(parts), indices.length);
    },
  };
}

interface Part<C extends Columns> {
  /** Where each of its rows goes. */
  readonly places: readonly number[];
  readonly columns: C;
}

function interleave<C extends Columns>(parts: readonly Part<C>[], size: number): Batch<C> {
  const [first] = parts;
  const names = Object.keys(first?.columns ?? {});
  const joined = names.map((name) => {
    const { data, shape } = first!.columns[name]!;
    const width = data.length / shape[0]!;
    const rows = new (data.constructor as new (length: number) => TypedArray)(size * width);
    for (const { places, columns } of parts) {
      const column = columns[name];
      if (!column || !sameRows(column, { data, shape })) {
        throw new DataError(`[concat] the datasets must have the same columns: ${name} differs between them`);
      }
      places.forEach((place, row) => rows.set(column.data.subarray(row * width, (row + 1) * width) as never, place * width));
    }
    return [name, { data: rows, shape: [size, ...shape.slice(1)] }] as const;
  });
  return { size, columns: Object.fromEntries(joined) as unknown as C };
}

function sameRows(a: Column, b: Column): boolean {
  return sameShape(a.shape.slice(1), b.shape.slice(1)) && a.data.constructor === b.data.constructor;
}
