import { cpu } from '@tessera/backend-cpu';
import { einsum, setDefaultBackend, tensor, type Tensor, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Dot } from './dot.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const wave = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(3 * i)),
    { shape },
  );

it('gives one number for two vectors, or the cosine of their angle', async () => {
  const [a, b] = [tensor([[3, 4]]), tensor([[4, 3]])];
  expect(await new Dot(1).apply([a, b]).array()).toEqual([[24]]);
  const cosine = (await new Dot(-1, { normalize: true }).apply([a, b]).array()) as number[][];
  expect(cosine[0]![0]).toBeCloseTo(24 / 25, 6);
  expect(await new Dot(1, { normalize: true }).apply([a, zeros([1, 2])]).array()).toEqual([[0]]);
});

const cases: [axes: number | [number, number], a: number[], b: number[], equation: string][] = [
  [2, [2, 3, 4], [2, 5, 4], 'nik,njk->nij'],
  [[2, 1], [2, 3, 4], [2, 4, 5], 'nik,nkj->nij'],
  [[-2, -1], [2, 4, 3], [2, 5, 4], 'nki,njk->nij'],
  [[1, 3], [2, 4], [2, 3, 5, 4], 'nk,nijk->nij'],
  [[2, 2], [2, 3, 4, 2], [2, 5, 4], 'nikl,njk->nilj'],
  [[1, 2], [2, 4, 3, 2], [2, 3, 4, 2], 'nkij,nlkm->nijlm'],
];
for (const [axes, a, b, equation] of cases) {
  it(`sums over axes ${JSON.stringify(axes)} as ${equation}`, async () => {
    const [x, y] = [wave(...a), wave(...b)];
    const [got, wanted] = [new Dot(axes).apply([x, y]), einsum(equation, x, y)];
    expect(got.shape).toEqual(wanted.shape);
    const values = (await wanted.data()) as Float32Array;
    ((await got.data()) as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 4));
  });
}

it('takes lengths that are not known, and is saved with its axes', async () => {
  const [x, y] = [input([null, 4]), input([null, 4])];
  const model = new Model({ inputs: [x, y], outputs: new Dot([2, 2], { normalize: true }).apply([x, y]) });
  const given = [wave(2, 3, 4), wave(2, 5, 4)];
  const again = loadModel(await saveModel(model as never), { layers: [Dot, Model] }) as unknown as typeof model;
  expect(again.apply(given).shape).toEqual([2, 3, 5]);
  expect(await again.apply(given).data()).toEqual(await model.apply(given).data());
});

it('refuses the batch axis, axes of other lengths, and other than two inputs', () => {
  expect(() => new Dot(0)).toThrow('[Dot] axes must be an axis other than that of the batch, or one for each of two inputs: got 0');
  expect(() => new Dot([1])).toThrow('one for each of two inputs: got [1]');
  expect(() => new Dot(-2).apply([zeros([2, 3]), zeros([2, 3])])).toThrow('[Dot] axes must not be that of the batch: got [-2, -2]');
  expect(() => new Dot(1).apply([zeros([2, 3]), zeros([2, 4])])).toThrow(
    '[Dot] inputs must have one batch, and one length at axes 1 and 1: got [N, 3] and [N, 4]',
  );
  expect(() => new Dot(1).apply([zeros([2, 3]), zeros([3, 3])])).toThrow('got [2, 3] and [3, 3]');
  expect(() => new Dot(1).apply([zeros([2, 3])])).toThrow('[Dot] inputs must be exactly 2: got 1');
  expect(() => new Dot(1).apply(zeros([2, 3]) as never)).toThrow('[Dot] inputs must be an array of tensors: got one tensor');
});
