import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Concatenate } from './concatenate.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const masked = (...lengths: number[]): Tensor => withMask(zeros([2, 3, 4]), maskOfLengths(tensor(Int32Array.from(lengths)), 3));

it('joins along the last axis, or another one', async () => {
  const [a, b] = [tensor([[1, 2]]), tensor([[3, 4]])];
  expect(await new Concatenate().apply([a, b]).array()).toEqual([[1, 2, 3, 4]]);
  expect(await new Concatenate({ axis: 0 }).apply([a, b, a]).array()).toEqual([
    [1, 2],
    [3, 4],
    [1, 2],
  ]);
  expect(
    new Concatenate({ axis: 1 })
      .outputSpec([
        [null, 8],
        [3, 8],
      ] as never)
      .toJSON().shape,
  ).toEqual([null, 8]);
});

it('joins masks along steps and the batch, where an input without one is all real', async () => {
  const [a, bare] = [masked(1, 3), zeros([2, 2, 4])];
  expect(await maskOf(new Concatenate({ axis: 1 }).apply([a, bare]))!.array()).toEqual([
    [true, false, false, true, true],
    [true, true, true, true, true],
  ]);
  expect(await maskOf(new Concatenate({ axis: -2 }).apply([bare, a]))!.array()).toEqual([
    [true, true, true, false, false],
    [true, true, true, true, true],
  ]);
  expect(await maskOf(new Concatenate({ axis: 0 }).apply([a, zeros([1, 3, 4])]))!.array()).toEqual([
    [true, false, false],
    [true, true, true],
    [true, true, true],
  ]);
});

it('joins features with the mask that is true where those of all inputs are', async () => {
  const [a, b, bare] = [masked(1, 3), masked(2, 2), zeros([2, 3, 5])];
  const mask = maskOf(new Concatenate().apply([a, bare, b]))!;
  expect(await mask.array()).toEqual([
    [true, false, false],
    [true, true, false],
  ]);
  expect(maskOf(new Concatenate().apply([a, bare]))).toBe(maskOf(a));
  expect(maskOf(new Concatenate().apply([bare, bare]))).toBeUndefined();
});

it('refuses other shapes, one input, and a tensor instead of an array', () => {
  const layer = new Concatenate();
  expect(() => layer.apply([zeros([2, 3, 4]), zeros([2, 4, 4])])).toThrow(
    '[Concatenate] inputs must have one shape but for axis 2: got [N, 3, 4] and [N, 4, 4]',
  );
  expect(() => layer.apply([zeros([2, 3])])).toThrow('[Concatenate] inputs must be at least two: got 1');
  expect(() => layer.apply(zeros([2, 3]) as never)).toThrow('[Concatenate] inputs must be an array of tensors: got one tensor');
  expect(() => new Concatenate({ axis: 3 }).apply([zeros([2, 3]), zeros([2, 3])])).toThrow(
    '[Concatenate] axis must be a whole number from -2 to 1',
  );
  expect(() => new Concatenate({ axes: 1 } as never)).toThrow('[Concatenate] there is no option axes. Did you mean axis?');
});

it('is saved with its axis', async () => {
  const [x, y] = [input([2, 3]), input([4, 3])];
  const model = new Model({ inputs: [x, y], outputs: new Concatenate({ axis: 1 }).apply([x, y]) });
  const again = loadModel(await saveModel(model as never), { layers: [Concatenate, Model] }) as unknown as typeof model;
  expect(again.apply([zeros([5, 2, 3]), zeros([5, 4, 3])]).shape).toEqual([5, 6, 3]);
});
