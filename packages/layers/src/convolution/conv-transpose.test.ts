import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Conv1D } from './conv1d.ts';
import { Conv1DTranspose } from './conv1d-transpose.ts';
import { Conv2DTranspose } from './conv2d-transpose.ts';
import { Conv3DTranspose } from './conv3d-transpose.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const wave = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(3 * i)),
    { shape },
  );

it('is the adjoint of the convolution with its kernel: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩', async () => {
  const options = { strides: 2, padding: 'same', useBias: false } as const;
  const forward = new Conv1D(3, 4, options).build([8, 2]);
  const back = new Conv1DTranspose(2, 4, options).build([4, 3]);
  expect(back.kernel.shape).toEqual([4, 2, 3]);
  back.kernel.assign(forward.kernel.read());
  const [x, y] = [wave(2, 8, 2), wave(2, 4, 3)];
  const [a, b] = [forward.apply(x).mul(y).sum(), x.mul(back.apply(y)).sum()];
  expect(await a.item()).toBeCloseTo(await b.item(), 4);
});

it('makes images larger', () => {
  const layer = new Conv2DTranspose(16, 4, { strides: 2, padding: 'same' });
  expect(layer.outputShape([5, 7, 3])).toEqual([10, 14, 16]);
  expect(new Conv2DTranspose(4, 3, { strides: 2, outputPadding: [1, 0] }).outputShape([5, 7, 3])).toEqual([12, 15, 4]);
  expect(new Conv3DTranspose(4, 2, { strides: 2, groups: 2 }).build([2, 3, 4, 6]).kernel.shape).toEqual([2, 2, 2, 2, 6]);
});

it('computes the same after saving and loading', async () => {
  const layer = new Conv2DTranspose(4, [2, 3], { strides: 2, outputPadding: 1, groups: 2, activation: 'tanh' });
  const x = wave(1, 3, 4, 6);
  const y = await layer.apply(x).data();
  expect(await loadModel(await saveModel(layer), { layers: [Conv2DTranspose] }).apply(x as never)).toMatchObject({ shape: [1, 7, 10, 4] });
  const again = loadModel(await saveModel(layer), { layers: [Conv2DTranspose] }) as unknown as Conv2DTranspose;
  expect(await again.apply(x).data()).toEqual(y);
});

it('refuses filters that are no multiple of the groups', () => {
  expect(() => new Conv1DTranspose(3, 2, { groups: 2 }).build([4, 4])).toThrow(
    '[Conv1DTranspose] filters must be a multiple of groups: got 3 with groups 2',
  );
  expect(() => new Conv1DTranspose(3, 2).build([4, 4, 4])).toThrow('[Conv1DTranspose] input must be [N, W, C]');
  expect(() => new Conv1DTranspose(3, 2, { outputPadding: -1 })).toThrow('[Conv1DTranspose] outputPadding must be a whole number ≥ 0');
});
