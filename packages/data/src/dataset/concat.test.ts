import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Column, column } from '../column/column.ts';
import { ragged } from '../column/ragged.ts';
import { DataLoader } from '../loader/data-loader.ts';
import { ArrayDataset } from './array-dataset.ts';
import { concat } from './concat.ts';
import type { Dataset } from './dataset.ts';
import { map } from './map.ts';

// oxlint-disable-next-line explicit-function-return-type -- the type is what is tested
const numbered = (from: number, count: number) => {
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  return new ArrayDataset({
    x: column(
      numbers.flatMap((n) => [n, n]),
      [count, 2],
    ),
    text: { tokens: ragged(numbers.map((n) => new Array<number>(n % 3).fill(n))), name: column(numbers.map(String)) },
    padded: { data: new Uint8Array(count * 40), shape: [count, 40], lengths: Int32Array.from(numbers) },
  });
};

describe('concat', () => {
  test.prop([fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), fc.array(fc.nat(99))])(
    'gives the examples of all, in any order asked for',
    async (counts, picked) => {
      const starts = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
      const all = concat(...counts.map((count, i) => numbered(starts[i]!, count)));
      expect(all.length).toBe(counts.reduce((a, b) => a + b, 0));
      const indices = picked.map((n) => n % all.length);
      expect(await all.gather(indices)).toEqual(numbered(0, all.length).gather(indices));
    },
  );

  it('refuses datasets whose columns differ, and examples that are not there', async () => {
    const differing = (...columns: readonly object[]): Promise<unknown> =>
      Promise.resolve(concat(...columns.map((tree) => new ArrayDataset(tree as { x: typeof x }))).gather([0, 1]));
    const x = column([1]);
    await expect(differing({ x }, { x: column([[1]]) })).rejects.toThrow(/must have the same columns: x differs between them/);
    await expect(differing({ x }, { x: column(Int32Array.of(1)) })).rejects.toThrow(/x differs/);
    await expect(differing({ x }, { x: ragged([[1]]) })).rejects.toThrow(/x differs/);
    await expect(differing({ x: ragged([[1]]) }, { x })).rejects.toThrow(/x differs/);
    await expect(differing({ x }, { z: x })).rejects.toThrow(/x differs/);
    await expect(differing({ x }, { x, y: { z: x } })).rejects.toThrow(/y\.z differs/);
    await expect(concat(new ArrayDataset({ x })).gather([-1])).rejects.toThrow('[concat] there are 1 examples: got number -1');
    expect(() => concat()).toThrow(/there must be datasets/);
  });

  it('gives examples of the same number numbers of their own', async () => {
    const drawn = (): Dataset<{ readonly x: Column<Float32Array<ArrayBuffer>> }> =>
      map(new ArrayDataset({ x: column([0, 0]) }), (_, { indices, random }) => ({
        x: column(Array.from(indices, (index) => random.split(index).generator().uniform())),
      }));
    for await (const { columns } of new DataLoader(concat(drawn(), drawn())).epoch(0)) {
      expect(new Set(columns.x.data).size).toBe(4);
    }
  });
});
