import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { DepthwiseConv2D } from './depthwise-conv2d.ts';

beforeAll(() => void setDefaultBackend(cpu()));

it('convolves each channel by itself', async () => {
  const layer = new DepthwiseConv2D([1, 2], { depthMultiplier: 2 }).build([1, 3, 2]);
  expect(layer.kernel.shape).toEqual([1, 2, 2, 2]);
  expect(layer.bias!.shape).toEqual([4]);
  // Of each channel the sum and the difference of neighbours.
  layer.kernel.assign(tensor(Float32Array.of(1, 1, 1, 1, 1, -1, 1, -1), { shape: [1, 2, 2, 2] }));
  const y = layer.apply(tensor(Float32Array.of(1, 10, 2, 20, 4, 40), { shape: [1, 1, 3, 2] }));
  expect(await y.array()).toEqual([
    [
      [
        [3, -1, 30, -10],
        [6, -2, 60, -20],
      ],
    ],
  ]);
});

it('refuses a multiplier of none', () => {
  expect(() => new DepthwiseConv2D(3, { depthMultiplier: 0 })).toThrow(
    '[DepthwiseConv2D] depthMultiplier must be a whole number ≥ 1: got 0',
  );
  expect(() => new DepthwiseConv2D(3, { filters: 2 } as never)).toThrow('[DepthwiseConv2D] there is no option filters');
});
