import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { Dense } from '../core/dense.ts';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import type { Module } from '../module/module.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Add } from './add.ts';
import { Average } from './average.ts';
import { Maximum } from './maximum.ts';
import { Minimum } from './minimum.ts';
import { Multiply } from './multiply.ts';
import { Subtract } from './subtract.ts';

beforeAll(() => void setDefaultBackend(cpu()));

type Merge = Module<readonly Tensor[], Tensor>;
const merges: [name: string, make: () => Merge, expected: number[]][] = [
  ['Add', () => new Add(), [6, 3]],
  ['Subtract', () => new Subtract(), [-2, 7]],
  ['Multiply', () => new Multiply(), [8, -10]],
  ['Average', () => new Average(), [3, 1.5]],
  ['Maximum', () => new Maximum(), [4, 5]],
  ['Minimum', () => new Minimum(), [2, -2]],
];
const masked = (...lengths: number[]): Tensor => withMask(zeros([2, 3, 4]), maskOfLengths(tensor(Int32Array.from(lengths)), 3));

describe.each(merges)('%s', (name, make, expected) => {
  it('merges two tensors of one shape', async () => {
    expect(
      await make()
        .apply([tensor([[2, 5]]), tensor([[4, -2]])])
        .array(),
    ).toEqual([expected]);
  });

  it('stretches axes of length 1', () => {
    expect(make().apply([zeros([2, 1, 3]), zeros([2, 4, 3])]).shape).toEqual([2, 4, 3]);
    expect(make().apply([zeros([2, 4, 1]), zeros([2, 1, 3])]).shape).toEqual([2, 4, 3]);
  });

  it('refuses other shapes, one input, and a tensor instead of an array', () => {
    const inputs = (...shapes: number[][]) => make().apply(shapes.map((shape) => zeros(shape)));
    expect(() => inputs([2, 3], [2, 4])).toThrow(`[${name}] inputs must have one shape: got [N, 3] and [N, 4]`);
    expect(() => inputs([2, 3], [2, 3, 3])).toThrow(`[${name}] inputs must have one shape: got [N, 3] and [N, 3, 3]`);
    expect(() => inputs([2, 3], [4, 3])).toThrow(`[${name}] inputs must have one shape: got [2, 3] and [4, 3]`);
    expect(() => make().apply([input([null, 3]), input([null, 4])])).toThrow('got [N, ?, 3] and [N, ?, 4]');
    expect(() => inputs([2, 3])).toThrow(/inputs must be (at least two|exactly 2): got 1/);
    expect(() => make().apply(zeros([2, 3]) as never)).toThrow(
      `[${name}] inputs must be an array of tensors: got one tensor. Write apply([a, b]).`,
    );
    expect(() => make().build([3] as never)).toThrow('got one tensor');
    expect(() => make().build([[3], [4]])).toThrow('got [N, 3] and [N, 4]');
  });

  it('has the mask that is true where those of all inputs are', async () => {
    const [a, b, bare] = [masked(1, 3), masked(2, 2), zeros([2, 3, 4])];
    expect(await maskOf(make().apply([a, b]))!.array()).toEqual([
      [true, false, false],
      [true, true, false],
    ]);
    expect(maskOf(make().apply([a, bare]))).toBe(maskOf(a));
    expect(maskOf(make().apply([bare, a]))).toBe(maskOf(a));
    expect(maskOf(make().apply([bare, bare]))).toBeUndefined();
  });

  it('is a layer of graphs, saved with them', async () => {
    const [x, y] = [input([4]), input([3])];
    const model = new Model({ inputs: [x, y], outputs: make().apply([new Dense(3).apply(x), y]) });
    const given = [tensor([[1, 2, 3, 4]]), tensor([[1, -1, 0]])];
    const classes = [Add, Average, Dense, Maximum, Minimum, Model, Multiply, Subtract];
    const again = loadModel(await saveModel(model as never), { layers: classes }) as unknown as typeof model;
    expect(await again.apply(given).data()).toEqual(await model.apply(given).data());
  });
});

it('merges more than two', async () => {
  const inputs = [tensor([[1, 5]]), tensor([[2, -2]]), tensor([[6, 3]])];
  const results = [new Add(), new Multiply(), new Average(), new Maximum(), new Minimum()].map((layer) => layer.apply(inputs).array());
  expect(await Promise.all(results)).toEqual([[[9, 6]], [[12, -30]], [[3, 2]], [[6, 5]], [[1, -2]]]);
  expect(() => new Subtract().apply(inputs)).toThrow('[Subtract] inputs must be exactly 2: got 3');
});
