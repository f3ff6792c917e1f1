import { cpu } from '@tessera/backend-cpu';
import { ArrayDataset, column, IterableDataset, map, ragged } from '@tessera/data';
import {
  Concatenate,
  Dense,
  Embedding,
  initializers,
  input,
  l2,
  loadModel,
  LSTM,
  maxNorm,
  Model,
  Module,
  nonNeg,
  saveModel,
  Sequential,
} from '@tessera/layers';
import { binaryCrossEntropy, crossEntropy, meanSquaredError } from '@tessera/losses';
import { accuracy, meanAbsoluteError, meanOf, rocAuc } from '@tessera/metrics';
import { adam, sgd } from '@tessera/optim';
import { maskOf, memory, relu, setDefaultBackend, sigmoid, tensor, type Tensor } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import type { ValuesTree } from './examples.ts';
import { predict } from './predict.ts';

beforeEach(() => void setDefaultBackend(cpu()));

const numbers = (count: number, f: (i: number) => number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => f(i));

describe('a model of several inputs and outputs', () => {
  const twoHeads = (): Model<{ a: Tensor; b: Tensor }, { sum: Tensor; sign: Tensor }> => {
    const [a, b] = [input([2]), input([3])];
    const both = new Dense(8, { activation: relu }).apply(new Concatenate().apply([a, b]));
    return new Model({
      inputs: { a, b },
      outputs: { sum: new Dense(1).apply(both), sign: new Dense(1, { activation: sigmoid }).apply(both) },
    });
  };
  const data = () => {
    const a = numbers(64, (i) => Math.sin(i));
    const b = numbers(96, (i) => Math.cos(i));
    const sums = numbers(32, (n) => a[2 * n]! + b[3 * n]!);
    const y = {
      sum: column(sums, [32, 1]),
      sign: column(
        sums.map((x) => Number(x > 0)),
        [32, 1],
      ),
    };
    return new ArrayDataset({ x: { a: column(a, [32, 2]), b: column(b, [32, 3]) }, y });
  };

  it('has a loss, a weight and metrics for each output, which are reported by name', async () => {
    const trainer = compile(twoHeads(), {
      loss: { sum: meanSquaredError(), sign: binaryCrossEntropy() },
      lossWeights: { sign: 0.5 },
      optimizer: adam({ learningRate: 0.02 }),
      metrics: { sum: [meanAbsoluteError()], sign: [accuracy(), rocAuc()] },
    });
    const { epochs } = await trainer.fit(data(), { epochs: 30, batchSize: 8, validationData: data() });
    const last = epochs.at(-1)!;
    expect(Object.keys(last)).toEqual(
      expect.arrayContaining([
        'loss',
        'sumLoss',
        'signLoss',
        'sumMeanAbsoluteError',
        'signAccuracy',
        'signRocAuc',
        'valSumLoss',
        'valSignRocAuc',
      ]),
    );
    expect(last['loss']).toBeCloseTo(last['sumLoss']! + 0.5 * last['signLoss']!, 5);
    expect(last['valSignRocAuc']).toBeGreaterThan(0.95);
    const { sum, sign } = await predict(trainer.model as ReturnType<typeof twoHeads>, data().columns.x);
    expect([sum.shape, sign.shape]).toEqual([
      [32, 1],
      [32, 1],
    ]);
  });

  it('may be a tuple of outputs', async () => {
    class Pair extends Module<Tensor, readonly [Tensor, Tensor]> {
      readonly first = new Dense(1);
      readonly second = new Dense(3);
      override call(x: Tensor): readonly [Tensor, Tensor] {
        return [this.first.apply(x), this.second.apply(x)];
      }
    }
    const trainer = compile(new Pair(), {
      loss: [meanSquaredError(), crossEntropy({ fromLogits: true })],
      lossWeights: [1, 2],
      metrics: [[meanAbsoluteError()], [accuracy()]],
      optimizer: adam(),
    });
    const y = [column([[1], [2]]), column(Int32Array.of(0, 2))] as const;
    const { epochs } = await trainer.fit(new ArrayDataset({ x: column([[1], [2]]), y }));
    expect(Object.keys(epochs[0]!)).toEqual(['loss', '0Loss', '1Loss', '0MeanAbsoluteError', '1Accuracy']);
  });

  it('wants a loss for each output, and none that there is not', async () => {
    const optimizer = sgd();
    await expect(compile(twoHeads(), { loss: meanSquaredError() as never, optimizer }).fit(data())).rejects.toThrow(
      /the model has several outputs, sum, sign: give a loss for each/,
    );
    // @ts-expect-error a misspelt output does not compile
    const misspelt = compile(twoHeads(), { loss: { sums: meanSquaredError() }, optimizer });
    await expect(misspelt.fit(data())).rejects.toThrow(/loss must be of the model's outputs, sum, sign: got sums/);
    const flat = compile(twoHeads(), { loss: { sum: meanSquaredError() }, optimizer, metrics: [accuracy()] as never });
    await expect(flat.fit(data())).rejects.toThrow(/a metric must be of an output.*the outputs are sum, sign/);
  });

  it('refuses columns that are not those of the model, and shapes that do not fit', async () => {
    const trainer = compile(twoHeads(), { loss: { sum: meanSquaredError() }, optimizer: sgd() });
    const { x, y } = data().columns;
    await expect(trainer.fit(new ArrayDataset({ x: { a: x.a }, y }) as never)).rejects.toThrow('[fit] the model takes a, b: got a');
    await expect(trainer.fit(new ArrayDataset({ x: { a: x.a, b: x.a }, y }))).rejects.toThrow(
      '[fit] the input b must be [N, 3]: got [32, 2]',
    );
  });
});

describe('data in any form', () => {
  const line = (): Sequential => new Sequential([new Dense(1, { kernelInitializer: initializers.zeros() })], { inputShape: [2] });
  const options = () => ({ loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }) });
  const [xs, ys] = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [[1], [2], [3]],
  ];

  it('is learned from as columns are: nested arrays, tensors, typed arrays', async () => {
    const forms: [ValuesTree, ValuesTree][] = [
      [xs, ys],
      [tensor(xs), tensor(ys)],
      [{ data: Float32Array.from(xs.flat()), shape: [3, 2] }, column(Float32Array.of(1, 2, 3), [3, 1])],
    ];
    const results = [];
    for (const [x, y] of forms) {
      const trainer = compile(line(), options());
      const history = await trainer.fit(x, y, { epochs: 2, batchSize: 2, validationData: [x, y] });
      results.push([history.epochs, await trainer.evaluate(x, y), String((await trainer.predict(x)).data)]);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    await expect(compile(line(), options()).fit(xs as never)).rejects.toThrow(
      '[fit] data must be a dataset, or inputs and targets: got inputs alone',
    );
  });

  it('comes as a stream of batches', async () => {
    const batches = function* () {
      for (;;) yield { x: column(xs), y: column(ys) };
    };
    const trainer = compile(line(), options());
    const history = await trainer.fit(new IterableDataset(batches, { steps: 5 }), { epochs: 2, validationData: [xs, ys] });
    expect(history.epochs).toHaveLength(2);
    const same = compile(line(), options());
    await same.fit(xs, ys, { epochs: 10, batchSize: 3, shuffle: false });
    expect(await trainer.evaluate(xs, ys)).toEqual(await same.evaluate(xs, ys));
  });

  it('has one-hot targets or class indices, and labels that are checked wherever they come from', async () => {
    const classifier = () =>
      compile(new Sequential([new Dense(3)], { inputShape: [2] }), {
        loss: crossEntropy({ fromLogits: true }),
        optimizer: sgd(),
        metrics: [accuracy()],
      });
    const [a, b] = [classifier(), classifier()];
    await a.fit(
      xs,
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      { epochs: 3 },
    );
    await b.fit(xs, column(Int32Array.of(0, 1, 2)), { epochs: 3 });
    expect((await a.evaluate(xs, [0, 1, 2]))['loss']).toBeCloseTo((await b.evaluate(xs, [0, 1, 2]))['loss']!, 6);
    const data = map(new ArrayDataset({ x: column(xs), y: column(Int32Array.of(0, 3, 1)) }), (columns) => columns);
    await expect(classifier().fit(data, { shuffle: false })).rejects.toThrow(/got 3 for example 1/);
  });

  it('leaves nothing behind when a model predicts', async () => {
    const model = line();
    const { liveBuffers } = memory();
    expect(await predict(model, [[1, 2]])).toMatchObject({ shape: [1, 1] });
    expect(await predict(model, { data: new Float32Array(0), shape: [0, 2] })).toMatchObject({ shape: [0, 1] });
    await expect(predict(model, [1, 2])).rejects.toThrow('[predict] the input x must be [N, 2]: got [2]');
    await expect(predict(model, xs, { batchSize: 0 })).rejects.toThrow(/batchSize must be a whole number/);
    expect(memory().liveBuffers).toBe(liveBuffers);
  });
});

describe('sequences of many lengths', () => {
  class Spy extends Module {
    static readonly className = 'Spy';
    seen: string[] = [];
    override call(x: Tensor): Tensor {
      this.seen.push(`${x.dtype} ${x.shape[1]} ${maskOf(x) ? 'masked' : 'bare'}`);
      return x;
    }
  }
  it('are padded to buckets, masked, and traced once for each; ids stay whole numbers', async () => {
    const spy = new Spy();
    const model = new Sequential([spy, new Embedding(50, 4), new LSTM(3), new Dense(1)]);
    const rows = Array.from({ length: 60 }, (_, n) => Int32Array.from({ length: 1 + ((n * 7) % 30) }, (_, i) => 1 + ((n + i) % 49)));
    const data = new ArrayDataset({
      x: ragged(rows),
      y: column(
        numbers(60, (n) => n % 2),
        [60, 1],
      ),
    });
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd() });
    await trainer.fit(data, { epochs: 3, batchSize: 5 });
    const traced = spy.seen.filter((seen) => seen.endsWith('masked'));
    expect(traced.length).toBe(new Set(traced).size);
    expect(traced.sort()).toEqual(['int32 16 masked', 'int32 32 masked']);
    // A sequence by itself gives what it gives among others.
    const alone = await trainer.predict(column(rows[3]!, [1, rows[3]!.length]));
    const all = await trainer.predict(ragged(rows.slice(0, 8)));
    expect(alone.data[0]).toBeCloseTo(all.data[3]!, 5);
  });

  it('are padded to the same buckets in validation, and targets may be vectors for each step', async () => {
    const spy = new Spy();
    const rows = [3, 5, 4].map((steps) => Float32Array.from({ length: steps * 2 }, (_, i) => i / 10));
    const data = new ArrayDataset({ x: ragged(rows, { shape: [2] }), y: ragged(rows, { shape: [2] }) });
    const trainer = compile(new Sequential([spy, new Dense(2)]), { loss: meanSquaredError(), optimizer: sgd() });
    const { epochs } = await trainer.fit(data, { buckets: [6], validationData: data });
    expect(epochs[0]!['valLoss']).toBeGreaterThan(0);
    expect(new Set(spy.seen.filter((seen) => seen.endsWith('masked')))).toEqual(new Set(['float32 6 masked']));
    const narrow = ragged([[1, 2, 3]]);
    await expect(trainer.predict(narrow)).rejects.toThrow('[predict] the input x must be [N, ?, 2]: got [1, ?]');
  });
});

describe('what cannot be right is told', () => {
  const model = (): Sequential => new Sequential([new Dense(1)], { inputShape: [1] });
  const data = () => new ArrayDataset({ x: column([[1], [2]]), y: column([[1], [2]]) });
  const slips: Record<string, [object, RegExp]> = {
    'no optimizer': [{ loss: meanSquaredError() }, /\[compile\] optimizer must be an optimizer, such as adam\(\)/],
    'an optimizer that was not called': [
      { loss: meanSquaredError(), optimizer: adam },
      /\[compile\] optimizer .*: got adam, which is to be called/,
    ],
    names: [{ loss: 'mse', optimizer: sgd() }, /\[compile\] loss must be a loss, such as crossEntropy\(\), .*: got 'mse'/],
    'a metric that is in no list': [
      { loss: meanSquaredError(), optimizer: sgd(), metrics: accuracy() },
      /\[compile\] metrics must be a list of metrics, such as \[accuracy\(\)\]/,
    ],
    'a weight that is no number': [
      { loss: { a: meanSquaredError() }, optimizer: sgd(), lossWeights: { a: '2' } },
      /\[compile\] lossWeights must be a number for each output: got '2' for a/,
    ],
    'a loss that was not called': [
      { loss: meanSquaredError, optimizer: sgd() },
      /\[compile\] a loss must give a tensor: got a function. Call it first: meanSquaredError\(\)/,
    ],
    'a metric that was not called': [
      { loss: meanSquaredError(), optimizer: sgd(), metrics: [accuracy] },
      /\[compile\] metrics must be metrics.*: got accuracy, which is to be called/,
    ],
    'two metrics of one name': [
      { loss: meanSquaredError(), optimizer: sgd(), metrics: [accuracy(), meanOf('accuracy', (p) => p)] },
      /\[compile\] metrics must differ in name.*got accuracy twice/,
    ],
    'a metric named as the loss': [
      { loss: meanSquaredError(), optimizer: sgd(), metrics: [meanOf('loss', (p) => p)] },
      /metrics must differ in name/,
    ],
  };
  for (const [name, [options, message]] of Object.entries(slips)) {
    it(name, async () => expect(async () => compile(model(), options as never).fit(data())).rejects.toThrow(message));
  }

  it('two fits at once', async () => {
    const trainer = compile(model(), { loss: meanSquaredError(), optimizer: sgd() });
    const [first, second] = await Promise.allSettled([trainer.fit(data()), trainer.fit(data())]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect(trainer.epoch).toBe(1);
  });

  it('evaluations at once wait for one another', async () => {
    const trainer = compile(new Sequential([new Dense(1, { kernelInitializer: initializers.ones() })], { inputShape: [1] }), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    const bad = new ArrayDataset({ x: column([[10], [20]]), y: column([[0], [0]]) });
    const [a, b] = await Promise.all([trainer.evaluate(data(), { batchSize: 1 }), trainer.evaluate(bad, { batchSize: 1 })]);
    expect([a['loss'], b['loss']]).toEqual([0, 250]);
  });
});

describe('the loss', () => {
  it('is the same over a data set whatever the batches: with masks, class weights, and gradients of uneven batches', async () => {
    const y = Int32Array.of(0, 1, -100, 1, 0);
    const data = new ArrayDataset({
      x: column(
        numbers(10, (i) => Math.sin(i)),
        [5, 2],
      ),
      y: column(y),
    });
    const trainer = compile(new Sequential([new Dense(2)], { inputShape: [2] }), {
      loss: crossEntropy({ fromLogits: true, weight: tensor([1, 3]) }),
      optimizer: sgd(),
    });
    const whole = await trainer.evaluate(data, { batchSize: 5 });
    for (const batchSize of [1, 2, 3]) expect((await trainer.evaluate(data, { batchSize }))['loss']).toBeCloseTo(whole['loss']!, 5);
    const run = async (batchSize: number, gradientAccumulationSteps: number): Promise<number> => {
      const dense = new Dense(1, { kernelInitializer: initializers.zeros(), useBias: false });
      const uneven = new ArrayDataset({
        x: column(new Float32Array(5).fill(1), [5, 1]),
        y: column(Float32Array.of(1, 2, 3, 4, 100), [5, 1]),
      });
      const options = { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }), gradientAccumulationSteps };
      await compile(new Sequential([dense], { inputShape: [1] }), options).fit(uneven, { batchSize, shuffle: false });
      return dense.kernel.peek().item();
    };
    expect(await run(2, 3)).toBeCloseTo(await run(5, 1), 4);
  });

  it('has the penalties of regularizers, of a shared layer once', async () => {
    const shared = new Dense(1, { kernelInitializer: initializers.constant(2), kernelRegularizer: l2(1), useBias: false });
    const x = input([1]);
    const inner = new Model({ inputs: x, outputs: shared.apply(x) });
    const z = input([1]);
    const model = new Model({ inputs: z, outputs: shared.apply(inner.apply(z)) });
    const { loss } = await compile(model, { loss: meanSquaredError(), optimizer: sgd() }).evaluate([[1]], [[4]]);
    expect(loss).toBe(4);
  });
});

it('constraints hold after every step, and are saved with the model', async () => {
  const dense = new Dense(3, { kernelConstraint: maxNorm(0.5), biasConstraint: nonNeg() });
  const model = new Sequential([dense], { inputShape: [2] });
  const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.5 }) });
  await trainer.fit(
    [
      [1, 2],
      [3, 4],
    ],
    [
      [9, -9, 9],
      [9, -9, 9],
    ],
    { epochs: 3 },
  );
  const kernel = (await dense.kernel.peek().array()) as number[][];
  for (const unit of [0, 1, 2]) expect(Math.hypot(...kernel.map((row) => row[unit]!))).toBeLessThan(0.5001);
  expect(Math.min(...((await dense.bias!.peek().array()) as number[]))).toBe(0);
  const again = loadModel(await saveModel(model), { layers: [Sequential, Dense] }) as Sequential;
  expect(again.constrained()).toHaveLength(2);
});
