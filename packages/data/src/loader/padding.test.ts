import { fc, test } from '@fast-check/vitest';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Column, column } from '../column/column.ts';
import { ragged } from '../column/ragged.ts';
import { ArrayDataset } from '../dataset/array-dataset.ts';
import { DataLoader } from './data-loader.ts';
import { padTree } from './padding.ts';

const row = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);

describe('padding', () => {
  test.prop([fc.array(fc.nat(70), { minLength: 8, maxLength: 60 }), fc.constantFrom(undefined, [10, 80, 40]), fc.nat()])(
    'an epoch has at most one shape per bucket',
    async (lengths, buckets, seed) => {
      const loader = new DataLoader(new ArrayDataset({ x: ragged(lengths.map(row)) }), {
        batchSize: 4,
        dropLast: true,
        shuffle: true,
        seed,
        ...(buckets && { buckets }),
      });
      const longest = buckets ?? [8, 16, 32, 64, 128];
      const shapes = new Set<string>();
      for await (const { columns } of loader.epoch(0)) {
        expectTypeOf(columns.x).toEqualTypeOf<Column<Float32Array<ArrayBuffer>>>();
        const [size, steps] = columns.x.shape as [number, number];
        const most = Math.max(...columns.x.lengths!);
        expect(steps).toBe(Math.min(...longest.filter((length) => length >= most)));
        for (let i = 0; i < size; i++) {
          const real = columns.x.lengths![i]!;
          expect([...columns.x.data.subarray(i * steps, (i + 1) * steps)]).toEqual([
            ...row(real),
            ...new Array<number>(steps - real).fill(0),
          ]);
        }
        shapes.add(columns.x.shape.join());
      }
      expect(shapes.size).toBeLessThanOrEqual(longest.length);
    },
  );

  it('fills up with a number for all, or for each column', () => {
    const columns = { x: ragged([[1]]), y: { tags: ragged([Int32Array.of(2)]) }, z: column(['a']) };
    const buckets = [2];
    expect(padTree(columns, { buckets, padValue: -1 }).y.tags.data).toEqual(Int32Array.of(2, -1));
    const { x, y, z } = padTree(columns, { buckets, padValue: { 'y.tags': -100 } });
    expect([x.data, y.tags.data, z]).toEqual([Float32Array.of(1, 0), Int32Array.of(2, -100), columns.z]);
    expect(() => padTree(columns, { padValue: { tags: 1 } })).toThrow(/padValue must be for ragged columns: got tags, which is none/);
    expect(() => padTree(columns, { padValue: { z: 1 } })).toThrow(/got z, which is none/);
  });

  it('refuses rows longer than the largest bucket', async () => {
    const loader = new DataLoader(new ArrayDataset({ x: { text: ragged([row(3), row(17)]) } }), { buckets: [16, 8] });
    await expect(loader.epoch(0).next()).rejects.toThrow(
      '[DataLoader] rows of column x.text must be at most 16 steps long, the largest bucket: got 17. Cut them, leave them out, or give a larger bucket.',
    );
  });
});
