import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask } from '@tessera/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sequential } from '../module/sequential.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { BatchNormalization } from './batch-normalization.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const training = { training: true };
/** Mean 2 and 20, variance 1 and 100. */
const batch = (): Tensor =>
  tensor([
    [1, 10],
    [3, 30],
  ]);
const flat = async (x: Tensor): Promise<number[]> => [...((await x.data()) as Float32Array)];
const expectNear = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got.length).toBe(wanted.length);
  got.forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 4));
};

describe('BatchNormalization', () => {
  it('normalises by the batch when training, and by the moving statistics otherwise', async () => {
    const layer = new BatchNormalization({ momentum: 0.5, epsilon: 0 });
    expectNear(await flat(layer.apply(batch(), training)), [-1, -1, 1, 1]);
    expectNear(await flat(layer.movingMean.peek()), [1, 10]);
    expectNear(await flat(layer.movingVariance.peek()), [1, 50.5]);
    expectNear(await flat(layer.apply(tensor([[2, 10]]))), [1, 0]);
  });

  it('moves a variance of n − 1 where that is wanted', async () => {
    const layer = new BatchNormalization({ momentum: 0, unbiasedMovingVariance: true });
    layer.apply(batch(), training);
    expectNear(await flat(layer.movingVariance.peek()), [2, 200]);
  });

  it('works with its moving statistics while it is frozen, and leaves them as they are', async () => {
    for (const options of [{}, { center: false, scale: false }]) {
      const layer = new BatchNormalization(options);
      const model = new Sequential([layer], { inputShape: [2] });
      model.trainable = false;
      const scale = Math.sqrt(1.001);
      expectNear(await flat(model.apply(batch(), training)), [1 / scale, 10 / scale, 3 / scale, 30 / scale]);
      expect(await flat(layer.movingMean.peek())).toEqual([0, 0]);
      expect(await flat(layer.movingVariance.peek())).toEqual([1, 1]);
      model.trainable = true;
      expect(Object.keys(model.trainableVariables())).toHaveLength('scale' in options ? 0 : 2);
      model.apply(batch(), training);
      expectNear(await flat(layer.movingMean.peek()), [0.02, 0.2]);
    }
  });

  const padded = (values: readonly (readonly [number, number])[][], lengths: readonly number[]): Tensor =>
    withMask(tensor(values as never), maskOfLengths(tensor(Int32Array.from(lengths)), values[0]!.length));

  it('counts real steps alone where x has a mask', async () => {
    const step = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }));
    const sequence = fc.record({ length: fc.integer({ min: 1, max: 4 }), steps: fc.array(step, { minLength: 4, maxLength: 4 }) });
    for (const unbiasedMovingVariance of [false, true]) {
      await fc.assert(
        fc.asyncProperty(fc.array(sequence, { minLength: 2, maxLength: 3 }), async (sequences) => {
          const options = { unbiasedMovingVariance, momentum: 0.5 };
          const [masked, cut] = [new BatchNormalization(options), new BatchNormalization(options)];
          const real = sequences.flatMap(({ length, steps }) => steps.slice(0, length));
          const x = padded(
            sequences.map(({ steps }) => steps),
            sequences.map(({ length }) => length),
          );
          const got = (await masked.apply(x, training).array()) as number[][][];
          const wanted = await flat(cut.apply(tensor([real]), training));
          expectNear(got.flatMap((steps, n) => steps.slice(0, sequences[n]!.length)).flat(), wanted);
          expectNear(await flat(masked.movingMean.peek()), await flat(cut.movingMean.peek()));
          expectNear(await flat(masked.movingVariance.peek()), await flat(cut.movingVariance.peek()));
        }),
        { numRuns: 20 },
      );
    }
  });

  it('counts every place of a real step, along any axis of features', async () => {
    const values = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const images = tensor(values, { shape: [1, 3, 2, 4] });
    for (const axis of [2, -1]) {
      const [masked, cut] = [new BatchNormalization({ axis }), new BatchNormalization({ axis })];
      const got = await flat(masked.apply(withMask(images, tensor([[true, true, false]])), training));
      expectNear(got.slice(0, 16), await flat(cut.apply(images.at(':', [0, 2]), training)));
    }
  });

  it('reads nothing of the padding, not even where all is padding', async () => {
    const layer = new BatchNormalization({ momentum: 0 });
    const x = padded(
      [
        [
          [2, 4],
          [NaN, Infinity],
        ],
      ],
      [1],
    );
    expect((await flat(layer.apply(x, training))).slice(0, 2)).toEqual([0, 0]);
    expect(await flat(layer.movingMean.peek())).toEqual([2, 4]);
    layer.apply(padded([[[2, 4]]], [0]), training);
    expect(await flat(layer.movingMean.peek())).toEqual([0, 0]);
  });

  it('hands the mask on', () => {
    for (const context of [{}, training]) {
      const x = padded(
        [
          [
            [2, 4],
            [0, 0],
          ],
        ],
        [1],
      );
      expect(maskOf(new BatchNormalization().apply(x, context))).toBe(maskOf(x));
    }
  });

  it('normalises the same after saving and loading', async () => {
    const layer = new BatchNormalization({ axis: 1, momentum: 0.9, scale: false });
    layer.apply(batch(), training);
    const y = await flat(layer.apply(batch()));
    const again = loadModel(await saveModel(layer), { layers: [BatchNormalization] }) as unknown as BatchNormalization;
    expect(await flat(again.apply(batch()))).toEqual(y);
    expect(again.options).toEqual(layer.options);
    expect(Object.keys(again.variables())).toEqual(['beta', 'movingMean', 'movingVariance']);
  });

  it('refuses what no statistics are made with', () => {
    expect(() => new BatchNormalization({ momentum: 1.5 })).toThrow('[BatchNormalization] momentum must be from 0 to 1: got 1.5');
    expect(() => new BatchNormalization({ eps: 1 } as never)).toThrow('[BatchNormalization] there is no option eps');
    expect(() => new BatchNormalization({ axis: 3 }).build([4])).toThrow('[BatchNormalization] axis must be a whole number from -2 to 1');
  });
});
