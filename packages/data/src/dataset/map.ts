import { DataError } from '@tessera/core';
import { type ColumnsOf, columnsOf, countExamples } from '../column/column-tree.ts';
import { RandomKey } from '../random-key.ts';
import type { Dataset, GatherOptions } from './dataset.ts';

/** What the function of {@link map} is told beside the columns. */
export interface MapContext extends GatherOptions {
  /** How many examples there are. */
  readonly size: number;
  /** Their places in the dataset. */
  readonly indices: Uint32Array;
}

/**
 * A dataset whose batches go through a function when they are fetched: augmentation, decoding, scaling.
 *
 * `random.split(index)` depends on the loader's seed, the epoch and the example alone. So an example is augmented alike
 * whatever batch it is in, and when a run is resumed.
 *
 * @throws DataError, when a batch is fetched, if the function gives another number of examples.
 * @example
 * map(images, ({ x, y }) => ({ x: scale(x), y }))
 * map(images, ({ x, y }, { indices, random }) => ({ x: flip(x, Array.from(indices, (i) => random.split(i).generator().uniform() < 0.5)), y }))
 */
export function map<C, T>(dataset: Dataset<C>, f: (columns: C, context: MapContext) => T | Promise<T>): Dataset<ColumnsOf<NoInfer<T>>> {
  return {
    length: dataset.length,
    async gather(indices, { epoch, random } = { epoch: 0, random: RandomKey.fromSeed(0) }) {
      // The dataset may be mapped itself: the two functions must not draw the same numbers.
      const { size, columns } = await dataset.gather(indices, { epoch, random: random.split('source') });
      const mapped = columnsOf('map', await f(columns, { size, indices: Uint32Array.from(indices), epoch, random }));
      const count = countExamples('map', mapped);
      if (count !== size) throw new DataError(`[map] the function must give as many examples as it takes: got ${size} and ${count}`);
      return { size, columns: mapped as ColumnsOf<NoInfer<T>> };
    },
  };
}
