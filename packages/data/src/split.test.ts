import { fc, test } from '@fast-check/vitest';
import { DataError } from '@tessera/core';
import { expect, it } from 'vitest';
import { ArrayDataset } from './array-dataset.ts';
import { DataLoader } from './data-loader.ts';
import { permutation } from './shuffle.ts';
import { kFold, split, trainTestSplit } from './split.ts';

function numbered(count: number, classes: number): ArrayDataset {
  const x = { data: Int32Array.from({ length: count }, (_, i) => i), shape: [count] };
  return new ArrayDataset({ x, y: { data: Int32Array.from({ length: count }, (_, i) => i % classes), shape: [count] } });
}

test.prop([fc.integer({ min: 20, max: 300 }), fc.integer({ min: 2, max: 5 }), fc.nat()])(
  "a split is a partition that keeps the classes' shares",
  (count, classes, seed) => {
    const parts = split(numbered(count, classes), [0.6, 0.2, 0.2], { seed, stratify: 'y' });
    const all = parts.flatMap((part) => [...(part.columns['x']!.data as Int32Array)]);
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    parts.forEach((part, i) => {
      const fraction = [0.6, 0.2, 0.2][i]!;
      expect(Math.abs(part.length - count * fraction)).toBeLessThanOrEqual(2);
      for (let label = 0; label < classes; label++) {
        const members = [...(part.columns['y']!.data as Int32Array)].filter((y) => y === label).length;
        expect(Math.abs(members - (count / classes) * fraction)).toBeLessThanOrEqual(2);
      }
    });
  },
);

test.prop([fc.integer({ min: 4, max: 200 }), fc.double({ min: 0.1, max: 0.6, noNaN: true }), fc.boolean(), fc.nat()])(
  'a test set has the size that scikit-learn gives it',
  (count, testSize, stratify, seed) => {
    const [train, testSet] = trainTestSplit(numbered(count, 2), { testSize, seed, ...(stratify ? { stratify: 'y' } : {}) });
    expect([train.length, testSet.length]).toEqual([count - Math.ceil(count * testSize), Math.ceil(count * testSize)]);
  },
);

test.prop([fc.integer({ min: 2, max: 60 }), fc.integer({ min: 2, max: 7 }), fc.boolean(), fc.boolean(), fc.nat()])(
  'every example validates once, and the folds are as long as can be alike',
  (count, wanted, shuffle, stratify, seed) => {
    const folds = Math.min(wanted, count);
    const data = numbered(count, 2);
    const pairs = [...kFold(data, { folds, shuffle, seed, ...(stratify ? { stratify: 'y' } : {}) })];
    const all = pairs.flatMap(([, validation]) => [...(validation.columns['x']!.data as Int32Array)]);
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(pairs.map(([, { length }]) => length)).toEqual(
      Array.from({ length: folds }, (_, i) => Math.floor(count / folds) + Number(i < count % folds)),
    );
    for (const [train, validation] of pairs) expect(train.length + validation.length).toBe(count);
  },
);

it('splits half a million examples', () => {
  const [train, rest] = split(numbered(500_000, 3), [0.9, 0.1], { stratify: 'y' });
  expect([train!.length, rest!.length]).toEqual([450_000, 50_000]);
});

test.prop([fc.integer({ min: 1, max: 100 }), fc.nat(), fc.nat(1000)])(
  'an order is a permutation, the same for the same seed and epoch',
  (n, seed, epoch) => {
    const order = permutation(n, seed, epoch);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(permutation(n, seed, epoch)).toEqual(order);
  },
);

it('the loader gives every example once, in another order each epoch, and can begin in the middle', async () => {
  const loader = new DataLoader(numbered(10, 2), { batchSize: 4, shuffle: true, seed: 3, prefetch: 2 });
  const read = async (epoch: number, skip = 0): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { columns } of loader.epoch(epoch, { skip })) seen.push(...(columns['x']!.data as Int32Array));
    return seen;
  };
  const [first, second] = [await read(0), await read(1)];
  expect(first.length).toBe(10);
  expect(new Set(first).size).toBe(10);
  expect(first).not.toEqual(second);
  expect(await read(1, 1)).toEqual(second.slice(4));
});

it('refuses data that cannot be split or loaded', () => {
  const shape = [3];
  expect(() => new ArrayDataset({ x: { data: new Float32Array(2), shape } })).toThrow(DataError);
  expect(() => new ArrayDataset({ x: { data: new Float32Array(3), shape }, y: { data: new Float32Array(2), shape: [2] } })).toThrow(
    /as many examples: got x 3, y 2/,
  );
  expect(() => split(numbered(3, 2), [0.9, 0.2])).toThrow(/add up to at most 1/);
  expect(() => split(numbered(3, 2), [0.99, 0.01])).toThrow(/every part must have examples/);
  expect(() => trainTestSplit(numbered(3, 2), { testSize: 3 })).toThrow(
    /testSize must be a share below 1 or a whole number .* below 3: got 3/,
  );
  expect(() => [...kFold(numbered(3, 2), { folds: 4 })]).toThrow(/folds must be a whole number from 2 to the 3 examples: got 4/);
  expect(() => new DataLoader(numbered(3, 2).take(0))).toThrow(/must have examples/);
});
