import { describe, expect, it } from 'vitest';
import { column } from '../column/column.ts';
import { ArrayDataset } from '../dataset/array-dataset.ts';
import type { Batch, Dataset } from '../dataset/dataset.ts';
import { DataLoader, type DataLoaderOptions } from './data-loader.ts';

type Numbers = ArrayDataset<{ readonly x: { readonly n: ReturnType<typeof column<Int32Array<ArrayBuffer>>> } }>;
const numbered = (count: number): Numbers => new ArrayDataset({ x: { n: column(Int32Array.from({ length: count }, (_, i) => i)) } });

async function read(loader: DataLoader<Numbers['columns']>, epoch = 0, skip = 0): Promise<number[][]> {
  const seen: number[][] = [];
  for await (const { columns } of loader.epoch(epoch, { skip })) seen.push([...columns.x.n.data]);
  return seen;
}

describe('DataLoader', () => {
  it('gives every example once, in another order each epoch, and can begin in the middle', async () => {
    const loader = new DataLoader(numbered(10), { batchSize: 4, shuffle: true, seed: 3, prefetch: 2 });
    const [first, second] = [await read(loader, 0), await read(loader, 1)];
    expect(first.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(first.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(first).not.toEqual(second);
    expect(await read(loader, 1, 1)).toEqual(second.slice(1));
  });

  it('keeps its order over releases', async () => {
    expect(await read(new DataLoader(numbered(6), { shuffle: true, seed: 3 }), 1)).toEqual([[3, 4, 2, 1, 0, 5]]);
  });

  it('leaves a last, shorter batch out when asked to', async () => {
    const loader = new DataLoader(numbered(5), { batchSize: 2, dropLast: true });
    expect([loader.batches, await read(loader)]).toEqual([
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ]);
  });

  it('asks for batches ahead, at the same time', async () => {
    const asked: number[] = [];
    const slow: Dataset<Numbers['columns']> = {
      length: 6,
      gather: (indices) => (asked.push(indices[0]!), new Promise((resolve) => setTimeout(() => resolve(numbered(6).gather(indices))))),
    };
    const batches = new DataLoader(slow, { batchSize: 1, prefetch: 2 }).epoch(0);
    const first = batches.next();
    expect(asked).toEqual([0, 1, 2]);
    expect((await first).value.columns.x.n.data[0]).toBe(0);
    await batches.return(undefined);
  });

  it('a batch that never comes does not hold up an abort', async () => {
    const hung: Dataset = { length: 4, gather: () => new Promise<Batch>(() => {}) };
    const controller = new AbortController();
    const first = new DataLoader(hung, { batchSize: 2 }).epoch(0, { signal: controller.signal }).next();
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
  });

  it('a batch that fails does so in its turn', async () => {
    const failing: Dataset<Numbers['columns']> = {
      length: 3,
      gather: (indices) => (indices[0] === 1 ? Promise.reject(new Error('no second')) : numbered(3).gather(indices)),
    };
    const batches = new DataLoader(failing, { batchSize: 1, prefetch: 2 }).epoch(0);
    expect((await batches.next()).done).toBe(false);
    await expect(batches.next()).rejects.toThrow('no second');
  });

  it.each<[DataLoaderOptions, RegExp]>([
    [{ batchSize: 0 }, /batchSize must be a whole number ≥ 1: got 0/],
    [{ buckets: [] }, /buckets must be whole numbers ≥ 1: got none/],
    [{ buckets: [8, 0.5] }, /buckets must be whole numbers ≥ 1: got 8, 0.5/],
  ])('refuses %o', (options, message) => {
    expect(() => new DataLoader(numbered(3), options)).toThrow(message);
  });

  it('refuses a dataset without examples', () => {
    expect(() => new DataLoader(numbered(3).take(0))).toThrow(/must have examples/);
  });
});
