import { expect, it } from 'vitest';
import { ArrayDataset, type Batch, type Dataset } from './array-dataset.ts';
import { DataLoader } from './data-loader.ts';
import { concat, map } from './transforms.ts';

const numbers = (from: number, count: number): ArrayDataset =>
  new ArrayDataset({ x: { data: Float32Array.from({ length: 2 * count }, (_, i) => from + Math.floor(i / 2)), shape: [count, 2] } });
const read = async (dataset: Dataset): Promise<number[]> => {
  const seen: number[] = [];
  for await (const { columns } of new DataLoader(dataset, { batchSize: 3 }).epoch(0)) seen.push(...(columns['x']!.data as Float32Array));
  return seen;
};

it('map changes batches as they are fetched, at once or later', async () => {
  const doubled = map(numbers(0, 4), ({ x }) => ({ x: { ...x!, data: (x!.data as Float32Array).map((v) => 2 * v) } }));
  const later = map(doubled, async (columns, size) => (await Promise.resolve(), expect(size).toBeLessThanOrEqual(3), columns));
  expect(await read(later)).toEqual([0, 0, 2, 2, 4, 4, 6, 6]);
});

it('concat gives the examples of all, in any order asked for', async () => {
  const both = concat<ArrayDataset['columns']>(numbers(0, 2), numbers(10, 3));
  expect(both.length).toBe(5);
  expect(await read(both)).toEqual([0, 0, 1, 1, 10, 10, 11, 11, 12, 12]);
  const { size, columns } = await both.gather([4, 0, 2]);
  expect([size, [...(columns['x']!.data as Float32Array)]]).toEqual([3, [12, 12, 0, 0, 10, 10]]);
  const other = new ArrayDataset({ x: { data: new Float32Array(3), shape: [1, 3] } });
  await expect(concat<ArrayDataset['columns']>(numbers(0, 1), other).gather([0, 1])).rejects.toThrow(
    /must have the same columns: x differs/,
  );
});

it('a batch that never comes does not hold up an abort', async () => {
  const hung: Dataset = { length: 4, gather: () => new Promise<Batch>(() => {}) };
  const controller = new AbortController();
  const first = new DataLoader(hung, { batchSize: 2 }).epoch(0, { signal: controller.signal }).next();
  controller.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
});

it('a batch that fails does so in its turn', async () => {
  const failing: Dataset = {
    length: 3,
    gather: (indices) => (indices[0] === 1 ? Promise.reject(new Error('no second')) : numbers(0, 3).gather(indices)),
  };
  const batches = new DataLoader(failing, { batchSize: 1, prefetch: 2 }).epoch(0);
  expect((await batches.next()).done).toBe(false);
  await expect(batches.next()).rejects.toThrow('no second');
});
