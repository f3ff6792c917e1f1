import { cpu } from '@tessera/backend-cpu';
import { maskOf, maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask, zeros } from '@tessera/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { GlobalAveragePooling1D } from './global-average-pooling1d.ts';
import { GlobalAveragePooling2D } from './global-average-pooling2d.ts';
import { GlobalMaxPooling1D } from './global-max-pooling1d.ts';
import { GlobalMaxPooling2D } from './global-max-pooling2d.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const steps = [
  [1, -8],
  [3, -2],
  [5, -5],
];
const families = [
  ['GlobalAveragePooling1D', GlobalAveragePooling1D, [3, -5]],
  ['GlobalMaxPooling1D', GlobalMaxPooling1D, [5, -2]],
] as const;

describe.each(families)('%s', (_, Layer, expected) => {
  it('pools all steps', async () => {
    const x = tensor([steps]);
    expect(await new Layer().apply(x).array()).toEqual([expected]);
    expect(await new Layer({ keepDims: true }).apply(x).array()).toEqual([[expected]]);
  });

  it('gives the same for a padded sequence with a mask as for the sequence cut to its length', async () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true });
    const sequences = fc.record({
      length: fc.integer({ min: 1, max: 5 }),
      padded: fc.array(fc.tuple(value, value), { minLength: 5, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(sequences, async ({ length, padded }) => {
        const x = withMask(tensor([padded]), maskOfLengths(tensor(Int32Array.of(length)), 5));
        const [masked, cut] = [new Layer().apply(x), new Layer().apply(tensor([padded.slice(0, length)]))];
        const wanted = ((await cut.array()) as number[][])[0]!;
        ((await masked.array()) as number[][])[0]!.forEach((got, i) => expect(got).toBeCloseTo(wanted[i]!, 4));
      }),
      { numRuns: 30 },
    );
  });

  it('reads nothing of the padding, and gives 0 where no step is real', async () => {
    const x = withMask(
      tensor([steps, [[2, -2], ...steps.slice(1).map(() => [NaN, Infinity])]]),
      maskOfLengths(tensor(Int32Array.of(0, 1)), 3),
    );
    const y = new Layer().apply(x);
    expect(await y.array()).toEqual([
      [0, 0],
      [2, -2],
    ]);
    expect(maskOf(y)).toBeUndefined();
  });

  it('takes sequences of a length that is not known', () => {
    expect(new Layer().outputSpec([null, 7]).shape).toEqual([7]);
    expect(() => new Layer().apply(zeros([2, 3]))).toThrow(`[${Layer.className}] input must be [N, T, C]: got [N, 3]`);
    expect(() => new Layer({ keepdims: true } as never)).toThrow(
      `[${Layer.className}] there is no option keepdims. Did you mean keepDims?`,
    );
  });
});

it('pools all places of images', async () => {
  const x: Tensor = tensor([[steps, steps.map((step) => step.map((value) => value + 2))]]);
  expect(await new GlobalAveragePooling2D().apply(x).array()).toEqual([[4, -4]]);
  expect(await new GlobalMaxPooling2D().apply(x).array()).toEqual([[7, 0]]);
  const layer = new GlobalMaxPooling2D({ keepDims: true });
  expect(layer.apply(x).shape).toEqual([1, 1, 1, 2]);
  const again = loadModel(await saveModel(layer), { layers: [GlobalMaxPooling2D] }) as unknown as GlobalMaxPooling2D;
  expect(again.apply(x).shape).toEqual([1, 1, 1, 2]);
  expect(() => new GlobalAveragePooling2D().apply(zeros([2, 3, 4]))).toThrow(
    '[GlobalAveragePooling2D] input must be [N, H, W, C]: got [N, 3, 4]',
  );
});
