import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { maskOfLengths, setDefaultBackend, softmax, tensor, type Tensor, withMask } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss, Reduction } from './loss.ts';
import { negativeLogLikelihood } from './negative-log-likelihood.ts';
import { huber, meanAbsoluteError, meanSquaredError } from './regression.ts';

beforeAll(() => void setDefaultBackend(cpu()));

// Two sequences of three steps, of which two and one are real.
const mask = (): Tensor => maskOfLengths(tensor(Int32Array.of(2, 1)), 3);
const real = [true, true, false, true, false, false];
const filled = (shape: number[], f: (i: number) => number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => f(i)),
    { shape },
  );
const classes = (): Tensor => tensor(Int32Array.of(0, 1, 99, 1, -1, 99), { shape: [2, 3] });

const losses: Readonly<Record<string, { loss: (reduction: Reduction) => Loss; prediction: () => Tensor; target: () => Tensor }>> = {
  'cross-entropy of logits': {
    loss: (reduction) => crossEntropy({ fromLogits: true, reduction }),
    prediction: () => filled([2, 3, 2], (i) => Math.sin(i)),
    target: classes,
  },
  'cross-entropy of class probabilities': {
    loss: (reduction) => crossEntropy({ reduction }),
    prediction: () => softmax(filled([2, 3, 2], (i) => Math.sin(i))),
    target: () => filled([2, 3, 2], (i) => i % 2),
  },
  'cross-entropy with class weights': {
    loss: (reduction) => crossEntropy({ fromLogits: true, weight: tensor([1, 3]), reduction }),
    prediction: () => filled([2, 3, 2], (i) => Math.sin(i)),
    target: classes,
  },
  'negative log likelihood': {
    loss: (reduction) => negativeLogLikelihood({ reduction }),
    prediction: () => softmax(filled([2, 3, 2], (i) => Math.sin(i))).log(),
    target: classes,
  },
  'binary cross-entropy': {
    loss: (reduction) => binaryCrossEntropy({ fromLogits: true, reduction }),
    prediction: () => filled([2, 3, 1], (i) => Math.sin(i)),
    target: () => filled([2, 3, 1], (i) => i % 2),
  },
  ...Object.fromEntries(
    Object.entries({ meanSquaredError, meanAbsoluteError, huber }).map(([name, make]) => [
      name,
      {
        loss: (reduction: Reduction) => make({ reduction }),
        prediction: () => filled([2, 3, 2], (i) => Math.sin(i)),
        target: () => filled([2, 3, 2], (i) => i / 4),
      },
    ]),
  ),
};

describe('a masked loss is the loss of the real steps', () => {
  for (const [name, { loss, prediction, target }] of Object.entries(losses)) {
    it(name, async () => {
      const steps = (x: Tensor): Tensor => x.reshape([6, ...x.shape.slice(2)]).at(tensor(Int32Array.of(0, 1, 3)));
      const apart = [steps(prediction()), steps(target())] as const;
      for (const reduction of ['mean', 'sum'] as const) {
        const expected = await loss(reduction)(...apart).item();
        expect(await loss(reduction)(withMask(prediction(), mask()), target()).item()).toBeCloseTo(expected, 5);
        expect(await loss(reduction)(prediction(), target(), { mask: mask() }).item()).toBeCloseTo(expected, 5);
      }
      const each = await loss('none')(withMask(prediction(), mask()), target()).data();
      const values = [...(await loss('none')(...apart).data())];
      const perStep = each.length / 6;
      const expected = real.flatMap((kept) => (kept ? values.splice(0, perStep) : new Array<number>(perStep).fill(0)));
      // Probabilities that softmax gave are taken back to their logits where they are whole, which rounds otherwise than their logarithms.
      expected.forEach((value, i) => (value === 0 ? expect(each[i]).toBe(0) : expect(Number(each[i])).toBeCloseTo(Number(value), 6)));
    });

    it(`${name}: 0 with a gradient of 0 where nothing is real`, async () => {
      const none = maskOfLengths(tensor(Int32Array.of(0, 0)), 3);
      const f = (x: Tensor): Tensor => loss('mean')(x, target(), { mask: none });
      expect(await f(prediction()).item()).toBe(0);
      expect((await grad(f)(prediction()).data()).every((x) => Math.abs(Number(x)) === 0)).toBe(true);
    });
  }
});

describe('masks of losses', () => {
  const [prediction, target] = [(): Tensor => filled([2, 3], (i) => i), (): Tensor => filled([2, 3], () => 0)];

  it('one that is passed wins over the prediction’s', async () => {
    const loss = meanSquaredError()(withMask(prediction(), mask()), target(), {
      mask: tensor([
        [false, true, false],
        [false, false, true],
      ]),
    });
    expect(await loss.item()).toBeCloseTo((1 + 25) / 2, 5);
  });

  it('may be of examples, and of numbers', async () => {
    expect(await meanSquaredError()(prediction(), target(), { mask: tensor([0, 1]) }).item()).toBeCloseTo((9 + 16 + 25) / 3, 5);
  });

  it('weights of samples scale the sum, not the number of steps', async () => {
    const loss = meanSquaredError()(withMask(prediction(), mask()), target(), { sampleWeight: tensor([1, 10]) });
    expect(await loss.item()).toBeCloseTo((0 + 1 + 10 * 9) / 3, 5);
  });

  it('one of other axes than the loss’s says nothing of its elements', async () => {
    // Scores of steps as classes: each example has one loss.
    const loss = crossEntropy({ fromLogits: true })(withMask(prediction(), mask()), tensor(Int32Array.of(0, 1)));
    const plain = crossEntropy({ fromLogits: true })(prediction(), tensor(Int32Array.of(0, 1)));
    expect(await loss.item()).toBe(await plain.item());
  });

  it('must fit where they are passed', () => {
    expect(() => meanSquaredError()(prediction(), target(), { mask: tensor([true, false, true]) })).toThrow(
      '[loss] mask must have the shape of the examples: got [3] for losses [2, 3]',
    );
  });
});
