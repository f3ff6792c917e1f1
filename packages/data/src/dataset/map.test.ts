import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Column, column } from '../column/column.ts';
import { ragged } from '../column/ragged.ts';
import type { RaggedColumn } from '../column/ragged-column.ts';
import { DataLoader, type DataLoaderOptions, type EpochOptions } from '../loader/data-loader.ts';
import { ArrayDataset } from './array-dataset.ts';
import type { Dataset } from './dataset.ts';
import { map } from './map.ts';

type Floats = Column<Float32Array<ArrayBuffer>>;
const numbers = new ArrayDataset({ x: column([0, 1, 2, 3, 4, 5, 6, 7]) });

/** The numbers, each with one drawn for it. */
const noisy = map(numbers, ({ x }, { indices, random }) => ({
  x,
  noise: column(Array.from(indices, (index) => random.split(index).generator().uniform())),
}));

async function drawn<C extends { x: Floats; noise: Floats }>(
  dataset: Dataset<C>,
  options: DataLoaderOptions,
  epoch = 0,
  from: EpochOptions = {},
): Promise<Map<number, number>> {
  const all = new Map<number, number>();
  for await (const { columns } of new DataLoader<{ x: Floats; noise: Floats }>(dataset, options).epoch(epoch, from)) {
    columns.x.data.forEach((x, i) => all.set(x, columns.noise.data[i]!));
  }
  return all;
}

describe('map', () => {
  it('changes batches as they are fetched, at once or later', async () => {
    const doubled = map(numbers, ({ x }) => ({ x: { data: x.data.map((v) => 2 * v), shape: x.shape } }));
    const later = map(doubled, async ({ x }, { size, indices }) => {
      await Promise.resolve();
      expect([size, indices.length]).toEqual([3, 3]);
      return { z: { x, text: ragged([[1], [1, 2], []]) } };
    });
    expectTypeOf(later).toEqualTypeOf<
      Dataset<{ readonly z: { readonly x: Floats; readonly text: RaggedColumn<Float32Array<ArrayBuffer>> } }>
    >();
    const { columns } = await later.gather([1, 0, 5]);
    expect([...columns.z.x.data]).toEqual([2, 0, 10]);
  });

  it('tells the epoch', async () => {
    const epochs = map(numbers, ({ x }, { epoch }) => ({ x: column(new Float32Array(x.data.length).fill(epoch)) }));
    for await (const { columns } of new DataLoader(epochs, { batchSize: 8 }).epoch(3)) expect(columns.x.data[0]).toBe(3);
    expect((await epochs.gather([0])).columns.x.data[0]).toBe(0);
  });

  it('draws for an example by seed and epoch, whatever batch it is in, and on resuming', async () => {
    const base = await drawn(noisy, { batchSize: 8 });
    expect(new Set(base.values()).size).toBe(8);
    expect(await drawn(noisy, { batchSize: 3, shuffle: true, prefetch: 3 }).then((other) => [...other].sort())).toEqual([...base].sort());
    expect([...(await drawn(noisy, { batchSize: 2 }, 0, { skip: 2 }))]).toEqual([...base].slice(4));
    expect([...(await drawn(noisy, { batchSize: 8 }, 1)).values()]).not.toEqual([...base.values()]);
    expect([...(await drawn(noisy, { batchSize: 8, seed: 1 })).values()]).not.toEqual([...base.values()]);
  });

  it('draws other numbers in a map of a map', async () => {
    const twice = map(noisy, ({ x, noise }, { indices, random }) => ({
      x,
      noise: column(noise.data.map((value, i) => value - random.split(indices[i]!).generator().uniform())),
    }));
    expect([...(await drawn(twice, {})).values()].every((difference) => difference !== 0)).toBe(true);
  });

  it('refuses a function that gives no columns, or not as many examples', async () => {
    await expect(map(numbers, () => ({ x: column([1]) })).gather([0, 1])).rejects.toThrow(
      '[map] the function must give as many examples as it takes: got 2 and 1',
    );
    await expect(map(numbers, ({ x }) => ({ x: x.data as never })).gather([0])).rejects.toThrow(
      /\[map\] column x must be .* got a Float32Array/,
    );
  });
});
