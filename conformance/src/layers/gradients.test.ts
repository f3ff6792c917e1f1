import { cpu } from '@tessera/backend-cpu';
import * as layers from '@tessera/layers';
import type { Tensor } from '@tessera/tensor';
import { checkOp, type OpDescription, type SampleTensor } from '@tessera/testkit';
import { describe, it } from 'vitest';
import { everyBackend } from '../every-backend.ts';

/** Numbers of which no two are alike or near each other: no maximum is undecided, and no difference crosses one. */
const distinct = (shape: readonly number[], seed = 0): SampleTensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, i) => (((i * 37 + seed * 11) % 101) - 50) / 20 + seed * 0.007);
  return { shape, dtype: 'float32', data };
};

type Merge = layers.Module<readonly Tensor[], Tensor>;
const merge = (name: string, make: () => Merge, ...shapes: readonly (readonly number[])[]): OpDescription => ({
  name,
  samples: [{ inputs: shapes.map(distinct), run: (...xs) => make().apply(xs) }],
});
const pool = (name: string, make: () => layers.Module, ...shapes: readonly (readonly number[])[]): OpDescription => ({
  name,
  samples: shapes.map((shape) => ({ inputs: [distinct(shape)], run: (x) => make().apply(x!) })),
});
const [sequence, image] = [
  [2, 3, 2],
  [2, 5, 4, 3],
];

/** Layers without variables, of which nothing but gradients by their inputs is to be right. */
const descriptions: readonly OpDescription[] = [
  merge('Add', () => new layers.Add(), sequence, sequence, [2, 1, 2]),
  merge('Average', () => new layers.Average(), sequence, sequence, [2, 3, 1]),
  merge('Multiply', () => new layers.Multiply(), sequence, sequence, [2, 1, 1]),
  merge('Subtract', () => new layers.Subtract(), sequence, [2, 1, 2]),
  merge('Maximum', () => new layers.Maximum(), sequence, sequence),
  merge('Minimum', () => new layers.Minimum(), sequence, [2, 1, 2]),
  merge('Concatenate', () => new layers.Concatenate(), sequence, [2, 3, 4]),
  merge('Concatenate of steps', () => new layers.Concatenate({ axis: 1 }), sequence, [2, 1, 2], [2, 2, 2]),
  merge('Dot', () => new layers.Dot([2, 1]), sequence, [2, 2, 4]),
  merge('Dot of directions', () => new layers.Dot(-1, { normalize: true }), sequence, [2, 2]),
  pool('MaxPooling2D', () => new layers.MaxPooling2D(2), image),
  pool('MaxPooling2D, overlapping', () => new layers.MaxPooling2D(3, { strides: 1, padding: 'same' }), image),
  pool('AveragePooling2D', () => new layers.AveragePooling2D(2), image),
  pool('AveragePooling2D, overlapping', () => new layers.AveragePooling2D(3, { strides: 2, padding: 1 }), image),
  pool('GlobalAveragePooling1D', () => new layers.GlobalAveragePooling1D(), sequence, [1, 1, 1], [3, 7, 5]),
  pool('GlobalMaxPooling1D', () => new layers.GlobalMaxPooling1D({ keepDims: true }), sequence, [1, 1, 1], [3, 7, 5]),
  pool('GlobalAveragePooling2D', () => new layers.GlobalAveragePooling2D({ keepDims: true }), image, [1, 1, 1, 2]),
  pool('GlobalMaxPooling2D', () => new layers.GlobalMaxPooling2D(), image, [1, 1, 1, 2]),
  pool('Masking', () => new layers.Masking(), sequence),
];

const reference = cpu();
for (const [where, backend] of await everyBackend()) {
  describe(`gradients through layers on ${where}`, () => {
    for (const layer of descriptions) it(layer.name, () => checkOp(layer, where === 'cpu' ? reference : backend, reference));
  });
}
