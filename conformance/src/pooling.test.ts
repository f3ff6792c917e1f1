import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type Backend } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { fc, test } from '@fast-check/vitest';
import { run, tensor, type Tensor } from '@tessera/tensor';
import { describe, expect } from 'vitest';

const reference = cpu();
const backends: readonly Backend[] = [await wasm(), await wasm({ threads: 2, sharesFrom: 0 })];

/** An axis: how long, and how windows go over it. */
const axis = fc
  .record({
    length: fc.integer({ min: 1, max: 9 }),
    size: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 1 }),
    after: fc.integer({ min: 0, max: 1 }),
  })
  .filter(({ length, size, dilation, before, after }) => (size - 1) * dilation < length + before + after && before < size);

describe('pooling of few different numbers, many of them equal or NaN, is what it is on the reference', () => {
  test.prop(
    {
      axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
      channels: fc.integer({ min: 1, max: 9 }),
      values: fc.array(fc.constantFrom(-1, 0, 1, 2, NaN), { minLength: 7, maxLength: 61 }),
    },
    { numRuns: 300 },
  )('whatever the windows', async ({ axes, channels, values }) => {
    const attributes = {
      size: axes.map(({ size }) => size),
      strides: axes.map(({ stride }) => stride),
      dilation: axes.map(({ dilation }) => dilation),
      padding: axes.map(({ before, after }) => [before, after] as const),
    };
    const shape = [2, ...axes.map(({ length }) => length), channels];
    const pooled = async (backend: Backend): Promise<unknown[]> => {
      const filled = (of: readonly number[]): Tensor =>
        tensor(
          Float32Array.from({ length: of.reduce((a, b) => a * b) }, (_, i) => values[i % values.length]!),
          { shape: of, backend },
        );
      const x = filled(shape);
      const [y] = run(composites.maxPool, [x], attributes);
      const dy = tensor(
        Float32Array.from({ length: y!.size }, (_, i) => (i % 5) + 1),
        { shape: y!.shape, backend },
      );
      const [dx] = run(composites.maxPoolGradient, [x, dy], attributes);
      return Promise.all([y!.data(), dx!.data()]);
    };
    const expected = await pooled(reference);
    for (const backend of backends) expect(await pooled(backend)).toEqual(expected);
  });
});
