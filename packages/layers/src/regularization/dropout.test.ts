import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, ones, Random, setDefaultBackend, tensor, withMask } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { Sequential } from '../module/sequential.ts';
import { Dropout } from './dropout.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const training = (): { training: true; random: Random } => ({ training: true, random: new Random(1) });

it('drops a share and keeps the mean', async () => {
  const y = (await new Dropout(0.25).apply(ones([1, 10_000]), training()).data()) as Float32Array;
  expect(Math.abs(y.filter((x) => x === 0).length - 2500)).toBeLessThan(250);
  expect(Math.max(...y)).toBeCloseTo(4 / 3, 5);
});

it('is x itself out of training and at a rate of 0', () => {
  const x = ones([2, 3]);
  expect(new Dropout(0.5).apply(x)).toBe(x);
  expect(new Dropout(0).apply(x, { training: true })).toBe(x);
});

it('draws anew in each layer and at each call, and the same from the same seed', async () => {
  const x = ones([1, 64]);
  const layer = new Dropout(0.5);
  const twice = new Sequential([layer, layer]);
  const two = new Sequential([new Dropout(0.5), new Dropout(0.5)]);
  const dropped = async (model: Sequential): Promise<number> =>
    [...((await model.apply(x, training()).data()) as Float32Array)].filter((v) => v === 0).length;
  // Of two masks alike half is dropped, of two others three quarters.
  expect(await dropped(twice)).toBeGreaterThan(38);
  expect(await dropped(two)).toBeGreaterThan(38);
  expect(await layer.apply(x, training()).data()).toEqual(await layer.apply(x, training()).data());
});

it('hands the mask on', () => {
  const x = withMask(ones([2, 3, 4]), maskOfLengths(tensor(Int32Array.of(1, 3)), 3));
  expect(maskOf(new Dropout(0.5).apply(x, training()))).toBe(maskOf(x));
  expect(maskOf(new Dropout(0.5).apply(x))).toBe(maskOf(x));
});

it('refuses a rate that is none, and training without a source', () => {
  expect(() => new Dropout(1.5)).toThrow('[Dropout] rate must be from 0 to 1: got 1.5');
  expect(() => new Dropout(undefined as never)).toThrow('[Dropout] rate must be from 0 to 1: got nothing');
  expect(() => new Dropout(0.5, { seed: 1 } as never)).toThrow('[Dropout] there is no option seed');
  expect(() => new Dropout(0.5).apply(ones([2, 2]), { training: true })).toThrow('Pass { training: true, random: new Random(seed) }');
});
