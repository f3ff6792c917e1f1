import { cpu } from '@tessera/backend-cpu';
import { Conv2D, Dense, Flatten, MaxPooling2D, Sequential } from '@tessera/layers';
import { makeModel, makeTrainer } from '@tessera/examples/start/multi-task.ts';
import { crossEntropy } from '@tessera/losses';
import { accuracy } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { oneHot, relu, setDefaultBackend, softmax, tensor, type Tensor } from '@tessera/tensor';
import { compile, predict, type ValuesTree } from '@tessera/train';
import { beforeEach, describe, expect, it } from 'vitest';

beforeEach(() => void setDefaultBackend(cpu()));

type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/** Images in nested arrays, `[N, 8, 8, 1]`: bars of three directions, and which. */
function bars(count: number, first = 0): { readonly x: number[][][][]; readonly labels: number[] } {
  const labels = Array.from({ length: count }, (_, n) => n % 3);
  const lit = (label: number, n: number, row: number, at: number): boolean => [row === n % 8, at === n % 8, row === at][label]!;
  const image = (label: number, n: number): number[][][] =>
    Array.from({ length: 8 }, (_, row) =>
      Array.from({ length: 8 }, (_, at) => [lit(label, n + first, row, at) ? 1 : 0.1 * Math.sin(n + row * 8 + at)]),
    );
  return { x: labels.map(image), labels };
}

const hot = (labels: readonly number[]): number[][] => labels.map((label) => [0, 1, 2].map((i) => Number(i === label)));

const forms: Readonly<Record<string, (nested: NestedNumbers) => ValuesTree>> = {
  'nested arrays': (nested) => nested,
  tensors: (nested) => tensor(nested as never),
};

describe.each(Object.entries(forms))("Keras' listing with %s", (_, given) => {
  it('defines, compiles, fits, evaluates, predicts', async () => {
    const [training, validation, test] = [bars(96), bars(24, 1), bars(30, 2)];
    const [xTrain, yTrain] = [given(training.x), given(hot(training.labels))];
    const [xVal, yVal] = [given(validation.x), given(hot(validation.labels))];
    const [xTest, yTest] = [given(test.x), given(hot(test.labels))];

    const model = new Sequential([
      new Conv2D(8, 3, { activation: relu }),
      new MaxPooling2D(2),
      new Flatten(),
      new Dense(16, { activation: relu }),
      new Dense(3, { activation: softmax }),
    ]);
    const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), metrics: [accuracy()] });
    const history = await trainer.fit(xTrain, yTrain, { batchSize: 32, epochs: 10, validationData: [xVal, yVal] });
    const scores = await trainer.evaluate(xTest, yTest);
    const { data, shape } = await predict(model, xTest);

    expect(history.epochs).toHaveLength(10);
    expect(Object.keys(history.epochs[9]!)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy']);
    expect(scores['accuracy']).toBeGreaterThan(0.9);
    expect(shape).toEqual([30, 3]);
    const classes = Array.from({ length: 30 }, (_, n) =>
      [0, 1, 2].reduce((best, i) => (data[n * 3 + i]! > data[n * 3 + best]! ? i : best)),
    );
    const right = classes.filter((label, n) => label === test.labels[n]).length;
    expect(right / 30).toBeCloseTo(scores['accuracy']!, 6);
  });
});

it('class indices are one-hot targets, to the bit', async () => {
  const { x, labels } = bars(48);
  const losses = async (y: ValuesTree): Promise<unknown> => {
    const model = new Sequential([new Flatten(), new Dense(3, { activation: softmax })]);
    return (await compile(model, { loss: crossEntropy(), optimizer: adam() }).fit(x, y, { epochs: 2 })).epochs;
  };
  const indices: Tensor = tensor(Int32Array.from(labels));
  const expected = await losses(hot(labels));
  for (const y of [labels, Int32Array.from(labels), indices, oneHot(indices, 3)]) expect(await losses(y)).toEqual(expected);
});

it('targets may be a record', async () => {
  const { x, labels } = bars(24);
  const large = x.map((image) => Array.from({ length: 28 }, (_, row) => Array.from({ length: 28 }, (_, at) => image[row % 8]![at % 8]!)));
  const y = { digit: labels, ink: tensor(labels.map((label) => [label / 3])) };
  const { epochs } = await makeTrainer(makeModel(2)).fit(large, y, { epochs: 2, validationData: [large, y] });
  expect(Object.keys(epochs[0]!)).toContain('valInkMeanAbsoluteError');
});
