import { Philox } from '@tessera/core';
import type { SampleTensor } from '../check-op.ts';

const random = Philox.fromSeed(20);

/** Numbers from [min, max), no two alike in practice. */
export function floats(shape: readonly number[], min = -2, max = 2): SampleTensor {
  const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => min + (max - min) * random.uniform());
  return { shape, dtype: 'float32', data: data.map(Math.fround) };
}

/** Whole numbers from [min, max). */
export function ints(shape: readonly number[], min = -5, max = 6): SampleTensor {
  const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => min + random.below(max - min));
  return { shape, dtype: 'int32', data };
}

export function bools(shape: readonly number[]): SampleTensor {
  return { shape, dtype: 'bool', data: ints(shape, 0, 2).data };
}

/** Every value at which functions go wrong. */
export const special: SampleTensor = {
  shape: [10],
  dtype: 'float32',
  data: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 1e30, -1e-30].map(Math.fround),
};

/** The pairs of {@link special} with itself, as a column and a row that broadcast. */
export const specialColumn: SampleTensor = { ...special, shape: [10, 1] };

/** Shapes with nothing, one, odd and uneven numbers of elements. */
export const oddShapes: readonly (readonly number[])[] = [[], [0], [1], [3], [17], [2, 0, 3], [5, 1, 7], [3, 4, 5]];
