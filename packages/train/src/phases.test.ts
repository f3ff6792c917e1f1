import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { ArrayDataset, column } from '@tessera/data';
import { readSafetensors } from '@tessera/formats';
import { BatchNormalization, Dense, Dropout, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { adam, groups, sgd } from '@tessera/optim';
import { relu, setDefaultBackend, type Tensor, treeMap } from '@tessera/tensor';
import { losable } from '@tessera/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { backupAndRestore } from './backup-and-restore.ts';
import type { Place } from './callback.ts';
import { compile } from './compile.ts';
import { Learner } from './learner.ts';
import type { Gradients } from './phase.ts';
import { Trainer } from './trainer.ts';

beforeEach(() => void setDefaultBackend(cpu()));

/** A value of a trainer's state. */
async function valueOf(trainer: Trainer<never>, name: string): Promise<unknown> {
  const raw = readSafetensors(await trainer.save()).tensors.get(name);
  return raw && (raw.dtype === 'int32' ? new Int32Array(raw.data.slice().buffer)[0] : [...new Float32Array(raw.data.slice().buffer)]);
}

const points = (count = 24) =>
  new ArrayDataset({
    x: column(
      Float32Array.from({ length: count * 2 }, (_, i) => 3 + Math.sin(i)),
      [count, 2],
    ),
  });

/** A generator of points and a critic with a gradient penalty. */
function gan(eager = false): Trainer<{ x: unknown }> {
  const generator = new Sequential([new Dense(8, { activation: relu }), new Dropout(0.1), new Dense(2)]);
  const critic = new Sequential([new Dense(8, { activation: relu }), new Dropout(0.1), new Dense(1)]);
  return new Trainer(
    new Learner<{ x: Tensor }>({
      models: { generator, critic },
      seed: 3,
      eager,
      phases: [
        {
          name: 'critic',
          repeat: 2,
          parameters: critic,
          optimizer: adam({ learningRate: 0.01 }),
          objective({ x }, { random }) {
            const fake = generator.apply(random.split('z').normal([x.shape[0]!, 4]));
            const slope = grad((v: Tensor) => critic.apply(v).sum())(x);
            const penalty = slope.square().sum(-1).add(1e-12).sqrt().sub(1).square().mean();
            const distance = critic.apply(x).mean().sub(critic.apply(fake).mean());
            return { loss: penalty.mul(10).sub(distance), logs: { distance, penalty } };
          },
        },
        {
          name: 'generator',
          parameters: generator,
          optimizer: adam({ learningRate: 0.01 }),
          objective: ({ x }, { random }) => ({
            loss: critic
              .apply(generator.apply(random.split('z').normal([x.shape[0]!, 4])))
              .mean()
              .neg(),
          }),
        },
      ],
    }) as never,
  );
}
const bytesOf = async (trainer: Trainer): Promise<Buffer> => Buffer.from(await trainer.save());

describe('phases', () => {
  it('run in order, move their own parameters, and report their losses and logs', async () => {
    const trainer = gan();
    const { epochs } = await trainer.fit(points(), { epochs: 2, batchSize: 8 });
    expect(Object.keys(epochs[0]!).sort()).toEqual(['criticLoss', 'distance', 'generatorLoss', 'penalty']);
    const { generator, critic } = trainer.learner.models;
    expect(await generator!.variables()['dense.kernel']!.peek().array()).not.toEqual(
      await critic!.variables()['dense.kernel']!.peek().array(),
    );
    expect(Object.keys(await trainer.evaluate(points())).sort()).toEqual(['criticLoss', 'distance', 'generatorLoss', 'penalty']);
    expect(() => trainer.optimizer).toThrow(/there are several phases/);
  });

  it('are captured as they are eager, and go on from a saved state, also within an epoch, bit for bit', async () => {
    const [whole, eager, first, second] = [gan(), gan(true), gan(), gan()];
    for (const trainer of [whole, eager]) await trainer.fit(points(), { epochs: 3, batchSize: 8 });
    expect((await bytesOf(eager)).equals(await bytesOf(whole))).toBe(true);
    const controller = new AbortController();
    // After the first batch of the second epoch.
    const step = first.learner.learn.bind(first.learner);
    let steps = 0;
    first.learner.learn = async (...batch) => {
      await step(...batch);
      if (++steps === 4) controller.abort();
    };
    await first.fit(points(), { epochs: 3, batchSize: 8, signal: controller.signal });
    second.restore(await first.save());
    await expect(second.fit(points(), { epochs: 3, batchSize: 6 })).rejects.toThrow(
      /goes on with the same batches: batchSize was 8, got 6/,
    );
    const { epochs } = await second.fit(points(), { epochs: 3, batchSize: 8 });
    expect(second.epoch).toBe(3);
    expect(epochs.length).toBeLessThan(3);
    expect((await bytesOf(second)).equals(await bytesOf(whole))).toBe(true);
  });

  it('go on after the device was lost, with the same numbers', async () => {
    const whole = gan();
    await whole.fit(points(), { epochs: 3, batchSize: 8 });
    const devices = [losable(cpu()), losable(cpu())] as const;
    setDefaultBackend(devices[0]);
    const trainer = gan();
    const lose = { onEpochBegin: ({ epoch }: Place) => void (epoch === 2 && devices[0].lose()) };
    await trainer.fit(points(), { epochs: 3, batchSize: 8, callbacks: [backupAndRestore({ backends: [async () => devices[1]] }), lose] });
    expect((await bytesOf(trainer)).equals(await bytesOf(whole))).toBe(true);
  });

  it('have the cut between gradients and update', async () => {
    const line = (more: object): Trainer<never> =>
      compile(new Sequential([new Dense(1)], { inputShape: [2] }), {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: 0.1 }),
        ...more,
      }) as never;
    const data = new ArrayDataset({ x: points().columns.x, y: column(new Float32Array(24), [24, 1]) }) as never;
    const weights = async (trainer: Trainer<never>): Promise<unknown> => trainer.model.variables()['dense.kernel']!.peek().array();
    const half = (gradients: Gradients): Gradients => treeMap((g: Tensor) => g.mul(0.5), gradients);
    let exchanged = 0;
    const exchange = async (gradients: Gradients): Promise<Gradients> => (exchanged++, await Promise.resolve(), half(gradients));
    const [slow, inPlan, outside] = [line({ optimizer: sgd({ learningRate: 0.05 }) }), line({ transform: half }), line({ exchange })];
    for (const trainer of [slow, inPlan, outside]) await trainer.fit(data, { epochs: 2, batchSize: 8 });
    expect(exchanged).toBe(6);
    const [expected, ...others] = (await Promise.all([slow, inPlan, outside].map(weights))) as number[][][];
    for (const other of others) other.forEach(([w], i) => expect(w).toBeCloseTo(expected![i]![0]!, 5));
  });
});

describe('what trains', () => {
  const data = () =>
    new ArrayDataset({
      x: points().columns.x,
      y: column(
        Float32Array.from({ length: 24 }, (_, i) => i % 3),
        [24, 1],
      ),
    });
  const net = (): [Sequential, Dense, Dense] => {
    const [backbone, head] = [new Dense(4, { name: 'backbone' }), new Dense(1, { name: 'head' })];
    return [new Sequential([backbone, new BatchNormalization({ name: 'norm' }), head], { inputShape: [2] }), backbone, head];
  };
  it('may be frozen and set free between fits: state that stays is kept, new state begins at its first step', async () => {
    const [model, backbone] = net();
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }) }) as Trainer<never>;
    backbone.trainable = false;
    await trainer.fit(data() as never, { batchSize: 8 });
    const before = await valueOf(trainer, 'state.train.0.mean.head.kernel');
    expect(await valueOf(trainer, 'state.train.0.mean.backbone.kernel')).toBeUndefined();
    backbone.trainable = true;
    trainer.learner.begin();
    expect(await valueOf(trainer, 'state.train.0.mean.head.kernel')).toEqual(before);
    expect([await valueOf(trainer, 'state.train.0.step'), await valueOf(trainer, 'state.train.1.step')]).toEqual([3, 0]);
    await trainer.fit(data() as never, { batchSize: 8 });
    expect([await valueOf(trainer, 'state.train.0.step'), await valueOf(trainer, 'state.train.1.step')]).toEqual([6, 3]);

    // The checkpoint knows what trained, and what began when.
    const [again, same] = net();
    const resumed = compile(again, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }) }) as Trainer<never>;
    resumed.restore(await trainer.save());
    for (const each of [trainer, resumed]) await each.fit(data() as never, { batchSize: 8 });
    expect((await bytesOf(resumed as never)).equals(await bytesOf(trainer as never))).toBe(true);
    same.trainable = false;
    expect(() => resumed.restore(new Uint8Array(0))).toThrow();
    const file = await trainer.save();
    expect(() => resumed.restore(file)).toThrow(
      /what trains in train must be what trained when the state was saved: it differs in backbone.kernel/,
    );
  });

  it('is honoured in the middle of a fit, and statistics of a frozen layer rest', async () => {
    const [model, backbone] = net();
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.01 }) });
    const seen: unknown[] = [];
    await trainer.fit(data(), {
      epochs: 3,
      batchSize: 8,
      callbacks: [
        {
          async onEpochBegin({ epoch }) {
            if (epoch === 1) for (const layer of [backbone, model.layers[1]!]) layer.trainable = false;
            seen.push(JSON.stringify([await backbone.kernel.peek().array(), await model.variables()['norm.movingMean']!.peek().array()]));
          },
        },
      ],
    });
    expect(seen[1]).not.toBe(seen[0]);
    expect(seen[2]).toBe(seen[1]);
  });

  it('follows another optimizer: one of its kind goes on, another begins anew', async () => {
    const [model] = net();
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }) }) as Trainer<never>;
    await trainer.fit(data() as never, { batchSize: 8 });
    expect(trainer.learningRate).toBe(0.01);
    trainer.learningRate = 0.001;
    expect([trainer.learningRate, ((await valueOf(trainer, 'state.train.0.learningRate')) as number[])[0]]).toEqual([
      0.001,
      Math.fround(0.001),
    ]);
    trainer.optimizer = adam({ learningRate: 0.5 });
    expect([trainer.learningRate, await valueOf(trainer, 'state.train.0.step')]).toEqual([0.5, 3]);
    trainer.optimizer = groups([
      { match: (path) => path.startsWith('backbone.'), optimizer: adam({ learningRate: 1e-5 }) },
      { optimizer: sgd() },
    ]);
    expect([trainer.learningRate, await valueOf(trainer, 'state.train.0.0.step')]).toEqual([undefined, 0]);
    await trainer.fit(data() as never, { batchSize: 8 });
    expect(await valueOf(trainer, 'state.train.0.0.step')).toBe(3);
    for (const part of Object.values(model.variables())) part.trainable = false;
    await expect(trainer.fit(data() as never)).rejects.toThrow(/all are frozen/);
  });
});

describe('a learning rate that was set', () => {
  const data = new ArrayDataset({ x: column([[1], [2], [3]]), y: column([[2], [4], [6]]) });
  const trainerOf = () => {
    const last = new Dense(1);
    const model = new Sequential([new Dense(2), last], { inputShape: [1] });
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }) });
    return { trainer, last };
  };

  it('is told by a trainer that takes the state up', async () => {
    const [{ trainer }, { trainer: resumed }] = [trainerOf(), trainerOf()];
    await trainer.fit(data);
    const before = await trainer.save();
    trainer.learningRate = 0.25;
    resumed.restore(await trainer.save());
    expect(resumed.learningRate).toBe(0.25);
    resumed.restore(before);
    expect(resumed.learningRate).toBe(0.1);
  });

  it('holds for layers that are set free later', async () => {
    const { trainer, last } = trainerOf();
    last.trainable = false;
    await trainer.fit(data);
    trainer.learningRate = 0.25;
    last.trainable = true;
    await trainer.fit(data);
    expect(trainer.learningRate).toBe(0.25);
    for (const generation of [0, 1]) expect(await valueOf(trainer as never, `state.train.${generation}.learningRate`)).toEqual([0.25]);
  });
});

describe('a state', () => {
  const data = new ArrayDataset({ x: column([[1], [2], [3]]), y: column([[2], [4], [6]]) });
  const trainerOf = (inputShape?: number[]) =>
    compile(new Sequential([new Dense(1)], inputShape ? { inputShape } : {}), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.05 }),
    });

  it('holds at once in a new trainer, of a model that is not built as well', async () => {
    const trainer = trainerOf([1]);
    await trainer.fit(data, { epochs: 20 });
    const state = await trainer.save();
    for (const fresh of [trainerOf([1]), trainerOf()]) {
      fresh.restore(state);
      expect(await fresh.evaluate(data)).toEqual(await trainer.evaluate(data));
      expect((await fresh.predict([[5]])).data).toEqual((await trainer.predict([[5]])).data);
      expect((await bytesOf(fresh as never)).equals(Buffer.from(state))).toBe(true);
    }
  });

  it('of another optimizer is refused, and nothing changes', async () => {
    const trainer = trainerOf([1]);
    await trainer.fit(data);
    const other = compile(new Sequential([new Dense(1)], { inputShape: [1] }), { loss: meanSquaredError(), optimizer: adam() });
    await other.fit(data);
    const before = await bytesOf(other as never);
    const state = await trainer.save();
    expect(() => other.restore(state)).toThrow(/with optimizers of the same kind/);
    expect((await bytesOf(other as never)).equals(before)).toBe(true);
  });

  it('counts epochs from each fit, and a fit that takes up one that was interrupted ends where that would have', async () => {
    const trainer = trainerOf([1]);
    await trainer.fit(data, { epochs: 2 });
    await trainer.fit(data, { epochs: 3 });
    expect(trainer.epoch).toBe(5);
    const controller = new AbortController();
    const history = await trainer.fit(data, {
      epochs: 4,
      signal: controller.signal,
      callbacks: [{ onEpochEnd: ({ epoch }) => void (epoch === 1 && controller.abort()) }],
    });
    expect([history.ended, trainer.epoch]).toEqual(['aborted', 7]);
    const resumed = trainerOf([1]);
    resumed.restore(await trainer.save());
    for (const each of [trainer, resumed]) {
      await each.fit(data, { epochs: 4 });
      expect(each.epoch).toBe(9);
    }
    await trainer.fit(data, { epochs: 1 });
    expect(trainer.epoch).toBe(10);
  });
});
