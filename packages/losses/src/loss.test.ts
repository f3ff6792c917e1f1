import { cpu } from '@tessera/backend-cpu';
import { concat, maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import { crossEntropy } from './cross-entropy.ts';
import { type Loss, lossWeight } from './loss.ts';
import { meanSquaredError } from './regression.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const labels = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values), { shape });
const zeros = (...shape: number[]): Tensor => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
const weightOf = (...args: Parameters<typeof lossWeight>): Promise<number> => lossWeight(...args).item();

describe('the weight of a loss is the denominator of its mean', () => {
  it('the number of elements', async () => {
    expect(await weightOf(meanSquaredError(), zeros(2, 3), zeros(2, 3))).toBe(6);
    expect(await weightOf(binaryCrossEntropy(), zeros(4, 1), zeros(4, 1))).toBe(4);
    expect(await weightOf(crossEntropy(), zeros(2, 5, 3), zeros(2, 5, 3))).toBe(10);
    expect(await weightOf(crossEntropy(), zeros(3, 2), labels([0, 1, 1]), { sampleWeight: tensor([5, 0, 0]) })).toBe(3);
  });

  it('of class indices, those that count or their weights', async () => {
    expect(await weightOf(crossEntropy({ ignoreIndex: 0 }), zeros(4, 3), labels([0, 1, 2, 0]))).toBe(2);
    expect(await weightOf(crossEntropy(), zeros(2, 3), labels([-100, -100]))).toBe(0);
    const weight = tensor([0.5, 2, 4]);
    expect(await weightOf(crossEntropy({ weight }), zeros(4, 3), labels([0, 1, 1, -100]))).toBe(4.5);
  });

  it('with a mask, the real ones', async () => {
    const mask = maskOfLengths(labels([3, 1]), 3);
    expect(await weightOf(crossEntropy(), withMask(zeros(2, 3, 4), mask), labels([0, 1, -100, 3, 9, 9], [2, 3]))).toBe(3);
    expect(await weightOf(meanSquaredError(), zeros(2, 3, 2), zeros(2, 3, 2), { mask })).toBe(8);
  });

  it('1 where there is no mean, and the batch size for a plain function', async () => {
    expect(await weightOf(meanSquaredError({ reduction: 'sum' }), zeros(2, 3), zeros(2, 3))).toBe(1);
    const plain: Loss = (prediction, target) => prediction.sub(target).abs().mean();
    expect(await weightOf(plain, zeros(5, 3), zeros(5, 3))).toBe(5);
  });
});

it('batches of any sizes weigh up to the loss of all examples', async () => {
  const scores = tensor([
    [0.1, 2, -1],
    [1, 0, 0.5],
    [-2, 0.3, 0.2],
    [0, 0, 3],
    [1, 1, 1],
  ]);
  const targets = labels([0, 2, -100, 1, -100]);
  const loss = crossEntropy({ fromLogits: true, weight: tensor([0.5, 1, 3]) });
  const whole = await loss(scores, targets).item();
  for (const cut of [1, 2, 4]) {
    const parts = [`0:${cut}`, `${cut}:5`].map((range) => [scores.at(range), targets.at(range)] as const);
    const weights = concat(parts.map((part) => lossWeight(loss, ...part).reshape([1])));
    const values = concat(parts.map((part) => loss(...part).reshape([1])));
    expect(await values.mul(weights).sum().div(weights.sum()).item()).toBeCloseTo(whole, 5);
  }
});
