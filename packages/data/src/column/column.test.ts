import { fc, test } from '@fast-check/vitest';
import { DataError } from '@tessera/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Column, column } from './column.ts';

describe('column', () => {
  it('keeps a typed array and its type', () => {
    const data = Int32Array.of(1, 2, 3, 4);
    const made = column(data);
    expect(made).toEqual({ '~column': true, data, shape: [4] });
    expect(made.data).toBe(data);
    expect(column(data, [2, 2]).shape).toEqual([2, 2]);
    expectTypeOf(made).toEqualTypeOf<Column<Int32Array<ArrayBuffer>>>();
    expectTypeOf(column(data as Int32Array)).toEqualTypeOf<Column<Int32Array<ArrayBuffer>>>();
    expectTypeOf(column(BigInt64Array.of(1n)).data).toEqualTypeOf<BigInt64Array<ArrayBuffer>>();
  });

  it('takes strings and plain numbers', () => {
    expect(column(['a', 'b'])).toEqual({ '~column': true, data: ['a', 'b'], shape: [2] });
    expect(column(['a', 'b'], [1, 2]).shape).toEqual([1, 2]);
    expect(column([1, 2.5])).toEqual({ '~column': true, data: Float32Array.of(1, 2.5), shape: [2] });
    expect(column([]).shape).toEqual([0]);
    expect(column([1, 2, 3, 4], [2, 2]).shape).toEqual([2, 2]);
    expectTypeOf(column([[1], [2]])).toEqualTypeOf<Column<Float32Array<ArrayBuffer>>>();
  });

  test.prop([fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })])('lays nested arrays flat', (shape) => {
    let next = 0;
    const nest = ([length, ...inner]: readonly number[]): unknown =>
      length === undefined ? next++ : Array.from({ length }, () => nest(inner));
    const made = column(nest(shape) as number[]);
    expect(made.shape).toEqual(shape);
    expect([...made.data]).toEqual(Array.from({ length: next }, (_, i) => i));
  });

  it('refuses what does not fit, and says what would', () => {
    expect(() => column([[1, 2], [3]])).toThrow(/of one length at each depth: got 2 and 1 at \[1\]\. For rows of unlike length: ragged/);
    expect(() => column([[1], 2] as never)).toThrow(/got 1 and 2 at \[1\]/);
    expect(() => column([[1], ['a']] as never)).toThrow(/must hold numbers: got 'a' at \[1, 0\]/);
    expect(() => column([[[1]], [[[1]]]] as never)).toThrow(/must hold numbers: got an array of 1 at \[1, 0, 0\]/);
    expect(() => column(['a', 1] as never)).toThrow(DataError);
    expect(() => column(Uint32Array.of(1) as never)).toThrow(
      /\[column\] data must be a typed array \(Uint8Array, .*\) or an array of strings: got a Uint32Array/,
    );
    expect(() => column(new Float32Array(3), [2, 2])).toThrow('[column] data of shape [2, 2] holds 4 elements: got 3');
    expect(() => column(new Float32Array(1), [])).toThrow(/the number of examples first: got \[\]/);
    expect(() => column(new Float32Array(1), [-1, -1])).toThrow(/whole numbers.*got \[-1, -1\]/);
  });
});
