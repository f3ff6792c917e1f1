import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { type Column, column } from './column/column.ts';
import { ragged } from './column/ragged.ts';
import { ArrayDataset } from './dataset/array-dataset.ts';
import { permutation } from './shuffle.ts';
import { kFold, split, trainTestSplit } from './split.ts';

type Numbers = Column<Int32Array<ArrayBuffer>>;

function numbered(count: number, classes: number): ArrayDataset<{ x: Numbers; y: Numbers }> {
  const x = { data: Int32Array.from({ length: count }, (_, i) => i), shape: [count] };
  return new ArrayDataset({ x, y: { data: Int32Array.from({ length: count }, (_, i) => i % classes), shape: [count] } });
}

test.prop([fc.integer({ min: 20, max: 300 }), fc.integer({ min: 2, max: 5 }), fc.nat()])(
  "a split is a partition that keeps the classes' shares",
  (count, classes, seed) => {
    const parts = split(numbered(count, classes), [0.6, 0.2, 0.2], { seed, stratify: 'y' });
    const all = parts.flatMap((part) => [...part.columns.x.data]);
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    parts.forEach((part, i) => {
      const fraction = [0.6, 0.2, 0.2][i]!;
      expect(Math.abs(part.length - count * fraction)).toBeLessThanOrEqual(2);
      for (let label = 0; label < classes; label++) {
        const members = [...part.columns.y.data].filter((y) => y === label).length;
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
    const all = pairs.flatMap(([, validation]) => [...validation.columns.x.data]);
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

it('splits trees, and stratifies by a dotted path or by strings', () => {
  const labels = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 'rare' : 'common'));
  const data = new ArrayDataset({ x: [column(labels), ragged(labels.map((_, i) => [i]))] as const, y: { kind: column(labels) } });
  for (const stratify of ['y.kind', 'x.0']) {
    const [train, test] = trainTestSplit(data, { testSize: 8, stratify });
    expect([train.length, test.length]).toEqual([32, 8]);
    expect(test.columns.y.kind.data.filter((label) => label === 'rare').length).toBe(2);
    test.columns.y.kind.data.forEach((label, i) => expect(label).toBe(labels[test.columns.x[1].row(i)[0]!]));
  }
  expect(() => split(data, [1], { stratify: 'kind' })).toThrow(/a column kind to stratify by: got x\.0, x\.1, y\.kind/);
  expect(() => split(data, [1], { stratify: 'x.1' })).toThrow(/rows of one length: got x\.1, a ragged column/);
});

it('refuses data that cannot be split', () => {
  expect(() => split(numbered(3, 2), [0.9, 0.2])).toThrow(/add up to at most 1/);
  expect(() => split(numbered(3, 2), [0.99, 0.01])).toThrow(/every part must have examples/);
  expect(() => trainTestSplit(numbered(3, 2), { testSize: 3 })).toThrow(
    /testSize must be a share below 1 or a whole number .* below 3: got 3/,
  );
  expect(() => [...kFold(numbered(3, 2), { folds: 4 })]).toThrow(/folds must be a whole number from 2 to the 3 examples: got 4/);
});
