import { cpu } from '@tessera/backend-cpu';
import * as ops from '@tessera/tensor';
import { relu, setDefaultBackend, tensor, type Tensor, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { constant, zeros as zerosInitializer } from '../initializers.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Conv1D } from './conv1d.ts';
import { Conv2D } from './conv2d.ts';
import { Conv3D } from './conv3d.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const row = (...values: number[]): Tensor => tensor(Float32Array.from(values), { shape: [1, values.length, 1] });
const kernelInitializer = constant(1);

describe('convolutions', () => {
  it('sum windows, then add a bias and activate', async () => {
    const layer = new Conv1D(1, 2, { kernelInitializer, biasInitializer: constant(-4), activation: 'relu' });
    expect(await layer.apply(row(1, 2, 3, 4)).data()).toEqual(Float32Array.of(0, 1, 3));
  });

  it('take Keras’ strides, padding, dilation and groups', async () => {
    const sum = (options: object): Promise<unknown> => new Conv1D(1, 2, { kernelInitializer, ...options }).apply(row(1, 2, 3, 4, 5)).data();
    expect(await sum({ strides: 2 })).toEqual(Float32Array.of(3, 7));
    expect(await sum({ padding: 'same' })).toEqual(Float32Array.of(3, 5, 7, 9, 5));
    expect(await sum({ padding: 1 })).toEqual(Float32Array.of(1, 3, 5, 7, 9, 5));
    expect(await sum({ padding: [[1, 0]] })).toEqual(Float32Array.of(1, 3, 5, 7, 9));
    expect(await sum({ dilationRate: 3 })).toEqual(Float32Array.of(5, 7));
    expect(await sum({ padding: 1, paddingMode: 'reflect' })).toEqual(Float32Array.of(3, 3, 5, 7, 9, 9));
    expect(new Conv2D(6, 3, { groups: 2 }).build([8, 8, 4]).kernel.shape).toEqual([3, 3, 2, 6]);
  });

  it('have kernels [...K, C/groups, filters] and start as Keras’ do', () => {
    expect(new Conv1D(5, 3).build([9, 4]).kernel.shape).toEqual([3, 4, 5]);
    expect(new Conv2D(5, [3, 2]).build([9, 9, 4]).kernel.shape).toEqual([3, 2, 4, 5]);
    const volume = new Conv3D(5, [1, 3, 2], { useBias: false }).build([4, 9, 9, 4]);
    expect(Object.keys(volume.variables())).toEqual(['kernel']);
    expect(volume.kernel.shape).toEqual([1, 3, 2, 4, 5]);
    expect(volume.outputShape([4, 9, 9, 4])).toEqual([4, 7, 8, 5]);
  });

  it('work where lengths are not known, but not where channels are not', () => {
    expect(new Conv1D(5, 3, { padding: 'same' }).outputSpec([null, 4]).toJSON().shape).toEqual([null, 5]);
    expect(() => new Conv1D(5, 3).build([9, null])).toThrow('[Conv1D] the shape of kernel depends on a length that is not known');
  });

  it('compute the same after saving and loading', async () => {
    const layer = new Conv2D(3, [2, 3], {
      strides: [1, 2],
      padding: [1, [0, 2]],
      activation: relu,
      paddingMode: 'replicate',
      biasInitializer: zerosInitializer(),
    });
    const x = tensor(
      Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
      { shape: [1, 5, 6, 2] },
    );
    const y = await layer.apply(x).data();
    const again = loadModel(await saveModel(layer), { layers: [Conv2D], ops }) as unknown as Conv2D;
    expect(await again.apply(x).data()).toEqual(y);
    expect(again.options).toMatchObject({ filters: 3, kernelSize: [2, 3], strides: [1, 2], paddingMode: 'replicate', dilationRate: 1 });
  });

  const refused: [name: string, f: () => unknown, message: string][] = [
    [
      'an option that is not there',
      () => new Conv2D(2, 3, { stride: 2 } as never),
      '[Conv2D] there is no option stride. Did you mean strides?',
    ],
    ['filters', () => new Conv2D(2.5, 3), '[Conv2D] filters must be a whole number ≥ 1: got 2.5'],
    [
      'a kernel of no size',
      () => new Conv2D(2, [3, 0]),
      '[Conv2D] kernelSize must be a whole number ≥ 1, or one for each of 2 spatial axes: got [3, 0]',
    ],
    [
      'sizes for other axes',
      () => new Conv1D(2, [3, 3]),
      '[Conv1D] kernelSize must be a whole number ≥ 1, or one for the spatial axis: got [3, 3]',
    ],
    [
      'strides for other axes',
      () => new Conv3D(2, 3, { strides: [1, 2] }),
      '[Conv3D] strides must be a whole number ≥ 1, or one for each of 3 spatial axes',
    ],
    ['padding', () => new Conv2D(2, 3, { padding: 'full' as never }), "[Conv2D] padding must be 'valid', 'same', a whole number ≥ 0"],
    ['a mode', () => new Conv2D(2, 3, { paddingMode: 'zero' as never }), "[Conv2D] paddingMode must be one of 'constant', 'reflect'"],
    ['an activation', () => new Conv2D(2, 3, { activation: 'rleu' }), '[Conv2D] activation must be a function, or one of elu, gelu'],
    [
      'groups',
      () => new Conv2D(4, 3, { groups: 2 }).build([5, 5, 3]),
      '[Conv2D] channels and filters must be multiples of groups: got 3 and 4',
    ],
    ['another rank', () => new Conv2D(3, 3).apply(zeros([2, 5])), '[Conv2D] input must be [N, H, W, C]: got [N, 5] (at Conv2D)'],
    [
      'other channels',
      () => new Conv2D(3, 3).build([8, 8, 3]).apply(zeros([1, 8, 8, 4])),
      'input channels must equal groups × kernel channels',
    ],
  ];
  for (const [name, f, message] of refused) it(`refuse ${name}`, () => expect(f).toThrow(message));
});
