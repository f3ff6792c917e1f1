import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { Dense } from '../core/dense.ts';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Flatten } from './flatten.ts';
import { Reshape } from './reshape.ts';

beforeAll(() => void setDefaultBackend(cpu()));

describe('Reshape', () => {
  it('keeps the batch, and finds −1', async () => {
    const x = tensor([[1, 2, 3, 4]]);
    expect(await new Reshape([2, 2]).apply(x).array()).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(new Reshape([-1, 1, 2]).apply(x).shape).toEqual([1, 2, 1, 2]);
    expect(new Reshape([-1]).apply(zeros([0, 3, 4])).shape).toEqual([0, 12]);
    expect(new Reshape([]).apply(zeros([3, 1])).shape).toEqual([3]);
  });

  it('takes lengths that are not known', () => {
    const lengths = (shape: number[], x: (number | null)[]): unknown => new Reshape(shape).outputSpec(x).toJSON().shape;
    expect(lengths([-1, 32], [null, 64])).toEqual([null, 32]);
    expect(lengths([-1, 3], [null, 64])).toEqual([null, 3]);
    expect(lengths([4, 4], [null])).toEqual([4, 4]);
    expect(lengths([-1], [null, null])).toEqual([null]);
  });

  it('takes what fits once the lengths are known', () => {
    const x = input([null]);
    const model = new Model({ inputs: x, outputs: new Dense(2).apply(new Flatten().apply(new Reshape([4, 4]).apply(x))) });
    expect(model.apply(zeros([3, 16])).shape).toEqual([3, 2]);
    expect(() => model.apply(zeros([3, 15]))).toThrow(
      '[Reshape] shape must hold all elements of an example: got [N, 15] and [4, 4] (at reshape)',
    );
  });

  it('finds the length that others have: there and back is the same shape', () => {
    const x = input([null, 64]);
    const y = new Reshape([-1, 64]).apply(new Reshape([-1, 32]).apply(x));
    expect(y.shape).toEqual(x.shape);
  });

  it('refuses other sizes, and two axes to be found', () => {
    expect(() => new Reshape([-1, -1])).toThrow('[Reshape] shape must be an array of axis lengths, of which one may be -1: got [-1, -1]');
    expect(() => new Reshape([-1, 3]).apply(zeros([2, 7]))).toThrow('got [N, 7] and [-1, 3]');
    expect(() => new Reshape([2, 3]).build([7])).toThrow('got [N, 7] and [2, 3]');
  });

  it('is the same after saving and loading', async () => {
    const again = loadModel(await saveModel(new Reshape([2, -1]).build([6])), { layers: [Reshape] }) as unknown as Reshape;
    expect(again.apply(zeros([1, 6])).shape).toEqual([1, 2, 3]);
  });
});

it('Flatten makes one axis of all but the batch', async () => {
  expect(new Flatten().apply(zeros([2, 3, 4])).shape).toEqual([2, 12]);
  expect(new Flatten().apply(zeros([0, 3, 4])).shape).toEqual([0, 12]);
  expect(new Flatten().apply(zeros([2])).shape).toEqual([2, 1]);
  expect(new Flatten().outputSpec([null, 4]).toJSON().shape).toEqual([null]);
  expect(() => new Flatten({ axis: 1 } as never)).toThrow('[Flatten] there is no option axis');
  const again = loadModel(await saveModel(new Flatten({ name: 'flat' }).build([3, 2])), { layers: [Flatten] });
  expect(again.name).toBe('flat');
});
