import { fc, test } from '@fast-check/vitest';
import { DataError } from '@tessera/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Column, column } from '../column/column.ts';
import { ragged } from '../column/ragged.ts';
import type { RaggedColumn } from '../column/ragged-column.ts';
import { ArrayDataset } from './array-dataset.ts';
import type { Dataset } from './dataset.ts';

const numbers = (count: number, width = 1): Column<Float32Array<ArrayBuffer>> =>
  column(
    Float32Array.from({ length: count * width }, (_, i) => i),
    [count, width],
  );

describe('ArrayDataset', () => {
  it('knows the types of its columns', () => {
    const [users, items] = [Int32Array.of(1, 2), Int32Array.of(3, 4)];
    const pairs = new ArrayDataset({ x: { user: column(users), item: { data: items, shape: [2] } }, y: column(['a', 'b']) });
    expectTypeOf(pairs.columns.x.user).toEqualTypeOf<Column<Int32Array<ArrayBuffer>>>();
    expectTypeOf(pairs.columns.x.item).toEqualTypeOf<Column<Int32Array<ArrayBuffer>>>();
    expectTypeOf(pairs.columns.y).toEqualTypeOf<Column<readonly string[]>>();
    expectTypeOf(pairs.take(1)).toEqualTypeOf(pairs);
    const mixed = new ArrayDataset([ragged([[1], []]), { data: items, shape: [2] }] as const);
    const [text, item]: readonly [RaggedColumn<Float32Array<ArrayBuffer>>, Column<Int32Array<ArrayBuffer>>] = mixed.columns;
    expect([text.length, item]).toEqual([2, column(items)]);
    const plain: Dataset = pairs;
    expect(plain.length).toBe(2);
    expect(pairs.columns.x.item).toEqual(column(items));
  });

  it('takes records that an interface types, and columns that are named like the parts of one', () => {
    interface Pictures {
      readonly x: Column;
      readonly y: Column;
    }
    const pictures: Pictures = { x: numbers(2), y: numbers(2) };
    expectTypeOf(new ArrayDataset(pictures)).toExtend<Dataset<Pictures>>();
    const named = new ArrayDataset({ data: numbers(2), shape: numbers(2) });
    expect(Object.keys(named.gather([0]).columns)).toEqual(['data', 'shape']);
  });

  test.prop([fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(99), { minLength: 1 })])(
    'gathers every column of a tree alike',
    (count, picked) => {
      const indices = picked.map((n) => n % count);
      const names = Array.from({ length: count }, (_, i) => `${i}`);
      const data = new ArrayDataset({
        x: [numbers(count, 3), { text: ragged(names.map((_, i) => new Array<number>(i).fill(i))) }] as const,
        y: column(names),
        padded: { data: new Float32Array(count * 20), shape: [count, 20], lengths: Int32Array.from(names, Number) },
      });
      const { size, columns } = data.gather(indices);
      expect(size).toBe(indices.length);
      expect(columns.x[0].shape).toEqual([size, 3]);
      indices.forEach((index, i) => {
        expect([...columns.x[0].data.subarray(i * 3, i * 3 + 3)]).toEqual([index * 3, index * 3 + 1, index * 3 + 2]);
        expect([...columns.x[1].text.row(i)]).toEqual(new Array<number>(index).fill(index));
        expect(columns.y.data[i]).toBe(`${index}`);
        expect(columns.padded.lengths![i]).toBe(index);
      });
      expect(data.subset(indices).columns).toEqual(columns);
      expect(data.take(1).columns.y.data).toEqual(['0']);
    },
  );

  it('copies rows of a Buffer, which is a view', () => {
    const { data } = new ArrayDataset({ x: column(Buffer.of(1, 2, 3)) }).gather([2]).columns.x;
    expect([data.constructor, ...data]).toEqual([Uint8Array, 3]);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a tensor',
      { x: { '~tensor': true, data: () => 0, shape: [1] } },
      /column x must be a column or \{ data, shape \}: got a Tensor\. Read it first: await tensor\.data\(\)/,
    ],
    ['a tensor as data', { x: { data: { '~tensor': true }, shape: [1] } }, /column x must be a typed array .*: got a Tensor\. Read/],
    ['a variable', { x: { '~variable': true } }, /column x .*: got a Variable\. Read it first: await variable\.read\(\)\.data\(\)/],
    [
      'a plain array as data',
      { x: { data: [1, 2], shape: [2, 1] } },
      /column x must be a typed array .*: got a plain array\. column\(\[…\]\) makes/,
    ],
    ['a plain array', { x: { user: [[1], [2]] } }, /column x\.user must be .*: got a plain array/],
    ['a typed array', { x: new Float32Array(1) }, /column x .*: got a Float32Array\. Write column\(data, shape\)/],
    ['another array', { x: { data: new Uint32Array(1), shape: [1] } }, /column x .*: got a Uint32Array/],
    ['a date', { x: [numbers(1), new Date()] }, /column x\.1 .*: got a Date/],
    ['an object', { x: { data: {}, shape: [1] } }, /column x .*: got an object$/],
    ['whole numbers', { x: new Int32Array(1) }, /column x .*: got an Int32Array\. Write/],
    ['nothing', { x: undefined }, /column x .*: got undefined/],
    ['a function', { x: () => 0 }, /column x .*: got a function/],
    ['no columns', {}, /as many examples: got no columns/],
    [
      'a shape that does not fit',
      { x: { data: new Float32Array(3), shape: [2, 1] } },
      /column x of shape \[2, 1\] holds 2 elements: got 3/,
    ],
    ['another number of examples', { x: { a: numbers(2), b: ragged([[1]]) } }, /as many examples: got x\.a 2, x\.b 1/],
    [
      'lengths that do not fit',
      { x: { ...numbers(1, 2), lengths: Int32Array.of(3) } },
      /column x must have lengths .* of 1 numbers from 0 to 2/,
    ],
  ])('refuses %s', (_, columns, message) => {
    expect(() => new ArrayDataset(columns as Record<string, Column>)).toThrow(message);
    expect(() => new ArrayDataset(columns as Record<string, Column>)).toThrow(DataError);
  });

  it('does not compile with other things than columns', () => {
    // @ts-expect-error a tensor
    expect(() => new ArrayDataset({ x: { '~tensor': true as const } })).toThrow(DataError);
    // @ts-expect-error a plain array
    expect(() => new ArrayDataset({ x: { data: [1], shape: [1] } })).toThrow(DataError);
  });

  it('refuses examples that are not there', () => {
    for (const index of [-1, 2, 0.5, Number.NaN]) {
      expect(() => new ArrayDataset({ x: numbers(2) }).gather([index])).toThrow(`[ArrayDataset] there are 2 examples: got number ${index}`);
    }
  });
});
