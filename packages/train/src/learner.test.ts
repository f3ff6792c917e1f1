import { valueAndGrad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { capture } from '@tessera/capture';
import { wasm } from '@tessera/backend-wasm';
import { ArrayDataset, type Column, DataLoader, ragged } from '@tessera/data';
import { type RawTensor, readSafetensors, writeSafetensors } from '@tessera/formats';
import {
  Dense,
  Embedding,
  GRU,
  LayerNormalization,
  loadWeights,
  type Module,
  rawTensor,
  saveWeights,
  Sequential,
  submodel,
} from '@tessera/layers';
import { crossEntropy, meanSquaredError } from '@tessera/losses';
import { adam, adamw, applyUpdates, chain, clipByGlobalNorm, clipByNorm, groups, type Optimizer, sgd } from '@tessera/optim';
import {
  FlatParameters,
  memory,
  setDefaultBackend,
  tanh,
  tensor,
  type Tensor,
  treeFlatten,
  treeMap,
  type Variable,
  VariableTree,
} from '@tessera/tensor';
import { Philox } from '@tessera/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CompileOptions } from './options.ts';
import { compile } from './compile.ts';
import { Learner } from './learner.ts';
import type { Objective } from './phase.ts';
import { Trainer } from './trainer.ts';

const backends = [
  ['cpu', cpu],
  ['wasm', wasm],
] as const;
beforeEach(() => void setDefaultBackend(cpu()));

type Numbers = Column<Float32Array<ArrayBuffer>>;
function examples(count: number): ArrayDataset<{ x: Numbers; y: Numbers }> {
  const random = Philox.fromSeed(3);
  const x = Float32Array.from({ length: count * 3 }, () => random.uniform() - 0.5);
  const y = Float32Array.from({ length: count }, (_, n) => Math.sin(3 * x[3 * n]!) + x[3 * n + 1]!);
  return new ArrayDataset({ x: { data: x, shape: [count, 3] }, y: { data: y, shape: [count, 1] } });
}
const network = (): Sequential =>
  new Sequential([new Dense(5, { activation: tanh }), new LayerNormalization(), new Dense(1)], { inputShape: [3] });
const trainerOf = (optimizer: Optimizer, options: Partial<CompileOptions> = {}): Trainer =>
  compile(network(), { loss: meanSquaredError(), optimizer, ...options });
const bytesOf = async (trainer: Trainer): Promise<Buffer> => Buffer.from(await trainer.save());
const weights = async ({ model }: Trainer): Promise<number[]> =>
  (await Promise.all(Object.values(model.variables()).map((variable) => variable.peek().array()))).flat(9) as number[];
const near = (a: number[], b: number[]): void => a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(2e-6));

describe('the parameters of a trainer', () => {
  it('lie in one buffer', async () => {
    const trainer = trainerOf(adam());
    await trainer.fit(examples(8));
    const buffers = Object.values(trainer.model.variables()).map((variable) => variable.peek().placement!.storage.buffer);
    expect(new Set(buffers).size).toBe(1);
  });

  it('are clipped by one reduction and updated by one kernel', async () => {
    setDefaultBackend(await wasm());
    const model = network();
    const flat = new FlatParameters(model.trainableVariables());
    const optimizer = chain(clipByGlobalNorm(1), adam());
    const state = new VariableTree('optimizer', () => optimizer.init(flat.read()));
    const step = capture((x: Tensor) => {
      const [, gradients] = valueAndGrad(() => model.apply(x).sum())(model.trainableVariables());
      const { updates, state: next } = optimizer.update(flat.flatten(gradients), state.read(), flat.read());
      flat.assign(applyUpdates(flat.read(), updates));
      state.assign(next);
    });
    step(tensor([[1, 2, 3]]));
    const { size } = flat.read()['dense.kernel']!;
    const whole = step.plans[0]!.steps.filter(({ inputs, outputs }) => [...inputs, ...outputs].some(({ view }) => view.shape[0] === size));
    expect(whole.map(({ op, outputs }) => [op, outputs.length])).toEqual([
      ['sumSquare', 1],
      ['fused', 3],
    ]);
  });

  it.each(backends)('are updated as they would be one by one, and saved as ever, on %s', async (_, make) => {
    setDefaultBackend(await make());
    const optimizer = groups([{ match: (path) => path.endsWith('bias'), optimizer: sgd({ momentum: 0.9 }) }, { optimizer: adamw() }]);
    const trainer = trainerOf(optimizer);
    await trainer.fit(examples(20), { epochs: 2, batchSize: 5, shuffle: false });

    // What a trainer did before parameters were laid end to end, and the file that it wrote.
    const model = network();
    const variables = model.trainableVariables();
    const values = (): Record<string, Tensor> => treeMap((variable: Variable) => variable.read(), variables);
    let state = optimizer.init(values());
    for (const epoch of [0, 1]) {
      for await (const { columns } of new DataLoader(examples(20), { batchSize: 5 }).epoch(epoch)) {
        const [x, y] = [tensor(columns.x.data, { shape: columns.x.shape }), tensor(columns.y.data, { shape: columns.y.shape })];
        const [, gradients] = valueAndGrad(() => meanSquaredError()(model.apply(x, { training: true }), y))(variables);
        const result = optimizer.update(gradients as never, state, values());
        treeMap((variable: Variable, value: Tensor) => variable.assign(value), variables, applyUpdates(values(), result.updates));
        state = result.state as typeof state;
      }
    }
    const entries = new Map<string, RawTensor>();
    for (const [path, variable] of Object.entries(model.variables())) entries.set(`models.model.${path}`, await rawTensor(variable.peek()));
    const { leaves, paths } = treeFlatten(state);
    for (const [i, leaf] of leaves.entries()) entries.set(`state.train.0.${paths[i]}`, await rawTensor(leaf as Tensor));
    const { tensors, metadata } = readSafetensors(await trainer.save());
    for (const [name, raw] of tensors) if (!entries.has(name)) entries.set(name, raw);
    expect([...entries.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, raw] of entries) {
      expect(tensors.get(name)!.shape, name).toEqual(raw.shape);
      expect(Buffer.from(tensors.get(name)!.data).equals(Buffer.from(raw.data)), name).toBe(true);
    }

    const resumed = trainerOf(optimizer);
    resumed.restore(writeSafetensors(entries, Object.fromEntries(metadata)));
    for (const each of [trainer, resumed]) await each.fit(examples(20), { epochs: 2, batchSize: 5 });
    expect((await bytesOf(resumed)).equals(await bytesOf(trainer))).toBe(true);
  });

  it('may each come as they are, where the optimizer tells them apart', async () => {
    const [a, b] = [trainerOf(chain(clipByNorm(0.1), adam())), trainerOf(chain(clipByNorm(0.1), adam()), { eager: true })];
    for (const trainer of [a, b]) await trainer.fit(examples(20), { epochs: 2, batchSize: 5 });
    expect((await bytesOf(a)).equals(await bytesOf(b))).toBe(true);
  });

  it('may be loaded, frozen, shared by two trainers in turn, and disposed', async () => {
    const start = memory().liveBuffers;
    const model = network();
    const options = { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }) };
    const whole = compile(model, options);
    await whole.fit(examples(16));
    for (const variable of [model.layers[0]!, model.layers[1]!].flatMap((layer) => Object.values(layer.variables())))
      variable.trainable = false;
    const before = await saveWeights(model);
    const last = compile(model, options);
    await last.fit(examples(16));
    const { tensors } = readSafetensors(await saveWeights(model));
    const changed = [...readSafetensors(before).tensors].flatMap(([path, { data }]) =>
      Buffer.from(data).equals(Buffer.from(tensors.get(path)!.data)) ? [] : [path],
    );
    expect(changed.sort()).toEqual(['dense_1.bias', 'dense_1.kernel']);
    await whole.fit(examples(16), { epochs: 2 });
    const { loss } = await whole.evaluate(examples(16));
    const saved = await saveWeights(model);
    await last.fit(examples(16), { epochs: 2 });
    loadWeights(model, saved);
    expect(await whole.evaluate(examples(16))).toEqual({ loss });
    expect(await last.evaluate(examples(16))).toEqual({ loss });
    model.dispose();
    for (const trainer of [whole, last]) trainer.dispose();
    expect(memory().liveBuffers).toBe(start);
  });
});

describe('gradientAccumulationSteps', () => {
  const clipped = (): Optimizer => chain(clipByGlobalNorm(0.5), adam({ learningRate: 0.05 }));

  it('updates by the mean of so many gradients: as one batch of all', async () => {
    const [parts, whole] = [trainerOf(clipped(), { gradientAccumulationSteps: 4 }), trainerOf(clipped())];
    await parts.fit(examples(32), { epochs: 3, batchSize: 4, shuffle: false });
    await whole.fit(examples(32), { epochs: 3, batchSize: 16, shuffle: false });
    near(await weights(parts), await weights(whole));
  });

  it('goes on with what an epoch leaves over', async () => {
    const parts = trainerOf(sgd(), { gradientAccumulationSteps: 3 });
    const before = await weights(parts);
    await parts.fit(examples(8), { epochs: 1, batchSize: 4, shuffle: false });
    expect(await weights(parts)).toEqual(before);
    await parts.fit(examples(8), { epochs: 2, batchSize: 4, shuffle: false });
    expect(await weights(parts)).not.toEqual(before);
  });

  it.each(backends)('is captured as it is eager, and goes on from a saved state, bit for bit, on %s', async (_, make) => {
    setDefaultBackend(await make());
    const trainer = (eager = false): Trainer => trainerOf(clipped(), { gradientAccumulationSteps: 3, eager });
    const [whole, eager, first, second] = [trainer(), trainer(true), trainer(), trainer()];
    for (const each of [whole, eager]) await each.fit(examples(20), { epochs: 5, batchSize: 5 });
    expect((await bytesOf(eager)).equals(await bytesOf(whole))).toBe(true);
    await first.fit(examples(20), { epochs: 2, batchSize: 5 });
    second.restore(await first.save());
    await second.fit(examples(20), { epochs: 3, batchSize: 5 });
    expect((await bytesOf(second)).equals(await bytesOf(whole))).toBe(true);
  });

  it('keeps memory flat', async () => {
    for (const eager of [false, true]) {
      const trainer = trainerOf(adam(), { gradientAccumulationSteps: 2, eager });
      await trainer.fit(examples(16), { batchSize: 4 });
      const { liveBytes } = memory();
      await trainer.fit(examples(16), { epochs: 4, batchSize: 4 });
      expect(memory().liveBytes).toBe(liveBytes);
    }
  });

  it('is a whole number from 1', () => {
    expect(() => trainerOf(sgd(), { gradientAccumulationSteps: 0.5 })).toThrow(
      '[compile] gradientAccumulationSteps must be a whole number from 1: got 0.5',
    );
  });
});

describe('what a learner learns', () => {
  const pair = (): Sequential => new Sequential([new Dense(3), new Dense(1)]);
  const learnerOf = (model: Sequential, parameters: Module | readonly Module[], objective: Objective<{ x: Tensor }>): Trainer<never> =>
    new Trainer<never>(
      new Learner<{ x: Tensor }>({ models: { model }, phases: [{ name: 'down', parameters, optimizer: sgd(), objective }] }),
    );
  const { x } = examples(4).columns;
  const data = new ArrayDataset({ x }) as never;
  const down =
    (model: Module): Objective<{ x: Tensor }> =>
    (batch) => ({ loss: model.apply(batch.x).mean() });

  it('may be parts of a model, each by its path', async () => {
    const model = pair();
    const trainer = learnerOf(model, model.layers, down(model));
    await trainer.fit(data);
    const paths = ['dense.kernel', 'dense.bias', 'dense_1.kernel', 'dense_1.bias'];
    expect(trainer.learner.layout().phases['down']).toEqual([paths]);
  });

  it('is no module beside the models, which nothing would save', async () => {
    const [model, other] = [pair(), new Dense(1, { name: 'other' })];
    const objective: Objective<{ x: Tensor }> = (batch) => ({ loss: other.apply(model.apply(batch.x)).mean() });
    await expect(learnerOf(model, [model, other], objective).fit(data)).rejects.toThrow(
      '[Learner] parameters of down must be models or modules inside of them: got Dense other. Add it to models.',
    );
  });

  it('is a variable once, though models share it', async () => {
    const inner = pair();
    const models = { outer: new Sequential([inner]), inner };
    const objective: Objective<{ x: Tensor }> = (batch) => ({ loss: models.outer.apply(batch.x).mean() });
    const phases = [{ name: 'down', parameters: Object.values(models), optimizer: sgd(), objective }];
    const trainer = new Trainer<never>(new Learner<{ x: Tensor }>({ models, phases }));
    await trainer.fit(data);
    expect(trainer.learner.layout().phases['down']!.flat()).toHaveLength(4);
  });

  it('is all of a model of which a part was built before', async () => {
    const model = pair();
    submodel(model, 'dense').build([3]);
    const trainer = learnerOf(model, model, down(model));
    await trainer.fit(data);
    expect(trainer.learner.layout().phases['down']!.flat()).toHaveLength(4);
  });

  it('may be padded to whatever length', async () => {
    const model = new Sequential([new Embedding(9, 3), new GRU(4, { returnSequences: true }), new Dense(9)]);
    const loss = crossEntropy({ fromLogits: true });
    const objective: Objective<{ x: Tensor; y: Tensor }> = (batch) => ({ loss: loss(model.apply(batch.x), batch.y) });
    const phases = [{ name: 'next', parameters: model, optimizer: sgd(), objective }];
    const trainer = new Trainer<never>(new Learner<{ x: Tensor; y: Tensor }>({ models: { model }, phases }));
    const column = ragged([[1, 2, 3], [4]], { dtype: 'int32' });
    await trainer.fit(new ArrayDataset({ x: column, y: column }) as never);
    expect(String(model.inputSpec)).toBe('int32 [?]');
    expect((await trainer.predict({ data: new Int32Array(12), shape: [1, 12] })).shape).toEqual([1, 12, 9]);
  });

  it('is said by an objective that gives its loss at once', async () => {
    const model = pair();
    for (const [objective, got] of [
      [async () => ({ loss: 1 }), 'a Promise'],
      [() => {}, 'undefined'],
      [() => ({ loss: 1 }), 'a loss of type number'],
    ] as const) {
      await expect(learnerOf(model, model, objective as never).fit(data)).rejects.toThrow(
        `[Learner] the objective of down must return { loss }, a tensor, and be synchronous: got ${got}`,
      );
    }
  });
});
