import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { AveragePooling2D } from './average-pooling2d.ts';
import { MaxPooling2D } from './max-pooling2d.ts';

beforeAll(() => void setDefaultBackend(cpu()));

/** 1 … 12 in three rows. */
const image = (): Tensor =>
  tensor(
    Float32Array.from({ length: 12 }, (_, i) => i + 1),
    { shape: [1, 3, 4, 1] },
  );

it('pools windows of 2 × 2 that do not overlap, unless told otherwise', async () => {
  expect(await new MaxPooling2D().apply(image()).data()).toEqual(Float32Array.of(6, 8));
  expect(await new AveragePooling2D().apply(image()).data()).toEqual(Float32Array.of(3.5, 5.5));
  expect(await new MaxPooling2D([1, 2], { strides: 1 }).apply(image()).data()).toEqual(Float32Array.of(2, 3, 4, 6, 7, 8, 10, 11, 12));
  expect(await new MaxPooling2D(2, { ceilMode: true }).apply(image()).data()).toEqual(Float32Array.of(6, 8, 10, 12));
  expect(await new MaxPooling2D(2, { dilation: 2, strides: 1 }).apply(image()).data()).toEqual(Float32Array.of(11, 12));
});

it('leaves padding out of means, or counts it', async () => {
  const y = (options: object): Promise<unknown> => new AveragePooling2D(2, { padding: [[1, 0], 0], ...options }).apply(image()).data();
  expect(await y({})).toEqual(Float32Array.of(1.5, 3.5, 7.5, 9.5));
  expect(await y({ countIncludePadding: true })).toEqual(Float32Array.of(0.75, 1.75, 7.5, 9.5));
});

it('pools the same after saving and loading', async () => {
  const layer = new AveragePooling2D([2, 3], { strides: 1, padding: 'same', countIncludePadding: true });
  const y = await layer.apply(image()).data();
  const again = loadModel(await saveModel(layer), { layers: [AveragePooling2D] }) as unknown as AveragePooling2D;
  expect(await again.apply(image()).data()).toEqual(y);
  expect(again.options).toEqual(layer.options);
});

it('refuses what is no pool and no image', () => {
  expect(() => new MaxPooling2D(0)).toThrow('[MaxPooling2D] poolSize must be a whole number ≥ 1, or one for each of 2 spatial axes: got 0');
  expect(() => new MaxPooling2D(2, { stride: 1 } as never)).toThrow('[MaxPooling2D] there is no option stride. Did you mean strides?');
  expect(() => new MaxPooling2D(2).apply(zeros([2, 5]))).toThrow('[MaxPooling2D] input must be [N, H, W, C]: got [N, 5]');
});
