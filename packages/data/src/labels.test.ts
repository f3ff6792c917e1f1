import { describe, expect, it } from 'vitest';
import { column } from './column/column.ts';
import { ragged } from './column/ragged.ts';
import { oneHot, scale, validateFinite, validateLabels } from './labels.ts';

describe('labels', () => {
  it.each([
    [column(Int32Array.of(0, 2, 7)), 'got 7 for example 2.'],
    [column(Int32Array.of(0, 2, 7), [3, 1]), 'got 7 for example 2.'],
    [column(BigInt64Array.of(0n, -1n)), 'got -1 for example 1.'],
    [column([0.5]), 'got 0.5 for example 0.'],
    [
      column([
        [0, 1],
        [2, 1],
        [1, 9],
      ]),
      'got 9 for example 2, step 1.',
    ],
    [
      column([
        [[0], [1]],
        [[1], [8]],
      ]),
      'got 8 for example 1 at [1, 0].',
    ],
    [ragged([[0, 1], [], [2, 7]]), 'got 7 for example 2, step 1.'],
    [{ data: Int32Array.of(3), shape: [1] }, 'got 3 for example 0.'],
  ])('names the label that is wrong, and its place', (labels, message) => {
    expect(() => validateLabels(labels, 3)).toThrow(`[validateLabels] labels must be whole numbers from 0 to 2: ${message}`);
  });

  it('lets pass what is right, what stands for none, and what is padding', () => {
    validateLabels(
      column([
        [0, 1],
        [2, -100],
      ]),
      3,
      { ignore: -100 },
    );
    const padded = ragged([[0, 1, 2], [1]]).pad(4, -1);
    validateLabels(padded, 3);
    const { lengths: _, ...all } = padded;
    expect(() => validateLabels(all, 3, { name: 'y.tags' })).toThrow(/y\.tags must be .* got -1 for example 0, step 3/);
    validateLabels(ragged([[1, 1], [1]], { shape: [1] }).pad(2, 5), 3);
  });

  it('names the number that is not finite', () => {
    validateFinite(column([1, 2]));
    validateFinite(column(BigInt64Array.of(2n ** 62n)));
    expect(() =>
      validateFinite(
        column([
          [1, 2],
          [Number.NaN, 1],
        ]),
        'x.image',
      ),
    ).toThrow('[validateFinite] x.image must be finite: got NaN in example 1, step 0. Clean the data or leave the example out.');
    expect(() => validateFinite(column([1, -Infinity]))).toThrow(/got -Infinity in example 1\./);
  });

  it('refuses strings where numbers are needed', () => {
    expect(() => validateFinite(column(['1']), 'x')).toThrow(
      '[validateFinite] x must be numbers: got strings. Give every string a number first.',
    );
    expect(() => validateLabels(column(['1']), 2)).toThrow(/labels must be numbers: got strings/);
  });

  it('makes one-hot rows, none for padding', () => {
    expect(oneHot(column(Uint8Array.of(1, 0)), 2)).toEqual(
      column([
        [0, 1],
        [1, 0],
      ]),
    );
    const { data, shape, lengths } = oneHot(ragged([[1], [0, 1]]).pad(2, -1), 2);
    expect([[...data], shape, lengths]).toEqual([[0, 1, 0, 0, 1, 0, 0, 1], [2, 2, 2], Int32Array.of(1, 2)]);
  });

  it('scales', () => {
    expect(scale(column(Uint8Array.of(0, 255)))).toEqual(column([0, 1]));
    expect(scale({ data: Int32Array.of(3), shape: [1] }, { offset: 1, divisor: 4 })).toEqual(column([0.5]));
    expect(scale(ragged([[255]]).pad(2)).lengths).toEqual(Int32Array.of(1));
  });
});
