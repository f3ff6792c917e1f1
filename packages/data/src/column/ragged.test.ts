import { fc, test } from '@fast-check/vitest';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ragged } from './ragged.ts';
import type { RaggedColumn } from './ragged-column.ts';

const rowsOf = (column: RaggedColumn): number[][] => Array.from({ length: column.length }, (_, i) => Array.from(column.row(i), Number));
const texts = fc.array(fc.array(fc.nat(99), { maxLength: 6 }), { minLength: 1, maxLength: 8 });

describe('ragged', () => {
  test.prop([texts, fc.array(fc.nat(99))])('gathers rows in any order', (rows, picked) => {
    const indices = picked.map((n) => n % rows.length);
    expect(rowsOf(ragged(rows, { dtype: 'int32' }).gather(indices))).toEqual(indices.map((i) => rows[i]));
  });

  test.prop([texts, texts])('joins rows', (a, b) => {
    expect(rowsOf(ragged(a).concat(ragged(b)))).toEqual([...a, ...b]);
  });

  test.prop([texts, fc.constantFrom(0, -1)])('pads to one length, of which the lengths are real', (rows, value) => {
    const { data, shape, lengths } = ragged(rows, { dtype: 'int32' }).pad(7, value);
    expect(shape).toEqual([rows.length, 7]);
    rows.forEach((row, i) => {
      expect(lengths![i]).toBe(row.length);
      expect([...data.subarray(i * 7, i * 7 + 7)]).toEqual([...row, ...new Array<number>(7 - row.length).fill(value)]);
    });
  });

  it('keeps the type of typed rows, and takes vectors', () => {
    const bytes = ragged([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expectTypeOf(bytes).toEqualTypeOf<RaggedColumn<Uint8Array<ArrayBuffer>>>();
    expect(bytes.data).toEqual(Uint8Array.of(1, 2, 3));
    expectTypeOf(ragged([[1], [2, 3]])).toEqualTypeOf<RaggedColumn<Float32Array<ArrayBuffer>>>();
    expectTypeOf(ragged([[1]], { dtype: 'int32' })).toEqualTypeOf<RaggedColumn<Int32Array<ArrayBuffer>>>();
    const points = ragged(
      [
        [1, 2, 3, 4],
        [5, 6],
      ],
      { shape: [2] },
    );
    expect(points.lengths()).toEqual(Int32Array.of(2, 1));
    expect(points.pad(2)).toMatchObject({ data: Float32Array.of(1, 2, 3, 4, 5, 6, 0, 0), shape: [2, 2, 2] });
    expect(ragged([BigInt64Array.of(7n)]).pad(2, -1).data).toEqual(BigInt64Array.of(7n, -1n));
  });

  it('refuses rows that are none, and numbers that the type cannot hold', () => {
    expect(() => ragged([[1, 2, 3]], { shape: [2] })).toThrow('[ragged] row 0 must hold whole steps of 2 numbers: got 3');
    expect(() => ragged([[1], 2] as never)).toThrow(/row 1 must be an array of numbers: got 2/);
    expect(() => ragged([[1], [300]], { dtype: 'uint8' })).toThrow(
      '[ragged] row 1 must hold numbers that Uint8Array can hold: got 300 at 0',
    );
    expect(() => ragged([[1.5]], { dtype: 'int32' })).toThrow(/got 1.5 at 0/);
    expect(() => ragged([[undefined]] as never)).toThrow(/got undefined at 0/);
    expect(() => ragged([Uint8Array.of(1)]).pad(2, -100)).toThrow(
      '[RaggedColumn] padding must be a number that Uint8Array can hold: got -100',
    );
    expect(() => ragged([[1]]).gather([1])).toThrow('[RaggedColumn] there are 1 examples: got number 1');
    expect(rowsOf(ragged([[Number.NaN]]))).toEqual([[Number.NaN]]);
  });
});
