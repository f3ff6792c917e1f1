import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor, where, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { realSteps } from './real-steps.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const mask = (): Tensor =>
  tensor(
    [
      [false, true, false, true],
      [true, true, false, false],
      [false, false, false, false],
    ],
    { dtype: 'bool' },
  );
const steps = (): Tensor =>
  tensor(
    Float32Array.from({ length: 12 }, (_, i) => i + 1),
    { shape: [3, 4, 1] },
  );

it('moves real steps to the front in their order', async () => {
  const front = realSteps(mask()).toFront(steps());
  expect(await front.squeeze(2).array()).toEqual([
    [2, 4, 1, 3],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
  ]);
});

it('puts them back, repeats the last one where there is none, and begins with 0', async () => {
  const { toPlaces } = realSteps(mask());
  expect(await toPlaces(steps()).squeeze(2).array()).toEqual([
    [0, 1, 1, 2],
    [5, 6, 6, 6],
    [0, 0, 0, 0],
  ]);
});

it('finds the last real step', async () => {
  const { last, toFront } = realSteps(mask());
  expect(await last(toFront(steps()), -1).array()).toEqual([[4], [6], [-1]]);
  expect(await last(toFront(steps()), where(zeros([3, 1]).equal(0), 7, 0)).array()).toEqual([[4], [6], [7]]);
});
