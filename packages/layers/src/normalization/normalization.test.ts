import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, setDefaultBackend, tensor, withMask, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { Embedding } from '../core/embedding.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { GroupNormalization } from './group-normalization.ts';
import { LayerNormalization } from './layer-normalization.ts';
import { RMSNormalization } from './rms-normalization.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const row = [1, 2, 6];
const near = (got: unknown, expected: number[]): void => expected.forEach((x, i) => expect((got as number[][])[0]![i]).toBeCloseTo(x, 5));

it('LayerNormalization gives mean 0 and variance 1', async () => {
  const mean = 3;
  const deviation = Math.sqrt(14 / 3 + 0.001);
  near(
    await new LayerNormalization().apply(tensor([row])).array(),
    row.map((x) => (x - mean) / deviation),
  );
});

it('RMSNormalization gives a mean square of 1', async () => {
  const size = Math.sqrt(41 / 3 + 1e-6);
  near(
    await new RMSNormalization().apply(tensor([row])).array(),
    row.map((x) => x / size),
  );
});

it('GroupNormalization gives each group of neighbouring features mean 0 and variance 1', async () => {
  const layer = new GroupNormalization({ groups: 2, epsilon: 0 });
  near(await layer.apply(tensor([[1, 3, 10, 30]])).array(), [-1, 1, -1, 1]);
  expect(() => new GroupNormalization().build([48])).toThrow('features must be a multiple of groups: got 48 and 32');
  expect(new GroupNormalization({ groups: -1 }).build([5, 48]).countParameters()).toBe(96);
});

it('normalisations hand the mask on', () => {
  const x = withMask(zeros([2, 3, 4]), maskOfLengths(tensor(Int32Array.of(1, 3)), 3));
  for (const layer of [new LayerNormalization(), new RMSNormalization(), new GroupNormalization({ groups: 2 })]) {
    expect(maskOf(layer.apply(x))).toBe(maskOf(x));
  }
});

it('normalisations compute the same after saving and loading', async () => {
  const x = tensor([
    [
      [1, 2, 5, 9],
      [3, 4, -1, 2],
    ],
  ]);
  for (const layer of [
    new LayerNormalization({ axis: [1, 2], center: false }),
    new RMSNormalization({ epsilon: 1 }),
    new GroupNormalization({ groups: 2 }),
  ]) {
    const y = await layer.apply(x).data();
    const again = loadModel(await saveModel(layer), { layers: [LayerNormalization, RMSNormalization, GroupNormalization] });
    expect(again.options).toEqual(layer.options);
    expect(await (again as unknown as LayerNormalization).apply(x).data()).toEqual(y);
  }
});

it('normalisations refuse options that they do not have', () => {
  expect(() => new LayerNormalization({ epsilom: 1 } as never)).toThrow(
    '[LayerNormalization] there is no option epsilom. Did you mean epsilon?',
  );
  expect(() => new LayerNormalization({ epsilon: -1 })).toThrow('[LayerNormalization] epsilon must be a finite number ≥ 0: got -1');
  expect(() => new LayerNormalization({ axis: [] })).toThrow('[LayerNormalization] axis must be a whole number, or several: got []');
  expect(() => new GroupNormalization({ groups: 0 })).toThrow('[GroupNormalization] groups must be a whole number ≥ 1, or -1');
  expect(() => new RMSNormalization({ axis: 2 }).build([3])).toThrow('[RMSNormalization] axis must be a whole number from -2 to 1');
});

it('Embedding looks vectors up, and gives NaN beyond its vocabulary', async () => {
  const layer = new Embedding(3, 2).build([2]);
  const table = (await layer.embeddings.peek().array()) as number[][];
  const looked = (await layer.apply(tensor(Int32Array.of(2, 0), { shape: [1, 2] })).array()) as number[][][];
  expect(looked).toEqual([[table[2], table[0]]]);
  expect(await layer.apply(tensor(Int32Array.of(3), { shape: [1, 1] })).array()).toEqual([[[NaN, NaN]]]);
  expect(() => new Embedding(0, 2)).toThrow('[Embedding] vocabulary must be a whole number ≥ 1: got 0');
});
