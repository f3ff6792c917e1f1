import { DataError } from '@tessera/core';
import { concatTrees, gatherTree } from '../column/rows.ts';
import { type Batch, checkIndices, type Dataset } from './dataset.ts';

/**
 * The examples of one dataset after those of another.
 *
 * @throws DataError, when a batch is fetched, if the columns of the datasets differ in path, shape or type.
 */
export function concat<C>(...datasets: readonly Dataset<C>[]): Dataset<C> {
  if (datasets.length === 0) throw new DataError('[concat] there must be datasets: got none');
  const starts: number[] = [];
  let length = 0;
  for (const dataset of datasets) {
    starts.push(length);
    length += dataset.length;
  }
  return {
    length,
    async gather(indices, options) {
      checkIndices('concat', indices, length);
      const owners = Array.from(indices, (index) => starts.findLastIndex((start) => start <= index));
      const parts = datasets.flatMap((dataset, owner) => {
        const places = owners.flatMap((own, place) => (own === owner ? [place] : []));
        // Of no examples, too, there are columns: those of the first dataset.
        if (places.length === 0 && (indices.length > 0 || owner > 0)) return [];
        const local = places.map((place) => indices[place]! - starts[owner]!);
        // Examples of the same number in two datasets must not be augmented alike.
        const fetched = dataset.gather(local, options && { ...options, random: options.random.split(owner) });
        return [Promise.resolve(fetched).then(({ columns }) => ({ places, columns }))];
      });
      return interleave(await Promise.all(parts), indices.length);
    },
  };
}

interface Part<C> {
  /** Where each of its rows goes. */
  readonly places: readonly number[];
  readonly columns: C;
}

function interleave<C>(parts: readonly Part<C>[], size: number): Batch<C> {
  if (parts.length === 1) return { size, columns: parts[0]!.columns };
  const all = concatTrees(parts.map(({ columns }) => columns));
  if ('differs' in all) throw new DataError(`[concat] the datasets must have the same columns: ${all.differs} differs between them`);
  const rows = new Uint32Array(size);
  parts.flatMap(({ places }) => places).forEach((place, row) => (rows[place] = row));
  return { size, columns: gatherTree(all.columns, rows) };
}
