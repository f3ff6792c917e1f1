import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import * as metrics from '@tessera/metrics';
import * as optim from '@tessera/optim';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTable } from './table.ts';

beforeAll(() => setDefaultBackend(cpu()));

interface Trajectory {
  readonly optimizer: 'SGD' | 'Adam' | 'AdamW' | 'Adagrad';
  readonly config: Record<string, number | boolean | number[]> | string;
  readonly problem: string;
  readonly x0: number[];
  readonly losses: number[];
}

const rosenbrock = (p: Tensor): Tensor => {
  const [x, y] = [p.at(0), p.at(1)];
  return x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));
};

function make({ optimizer, config }: Trajectory): optim.Optimizer {
  const c = config as Record<string, number> & { betas?: number[]; nesterov?: boolean; maximize?: boolean; amsgrad?: boolean };
  const base = {
    learningRate: c['lr']!,
    ...(c['weight_decay'] === undefined ? {} : { weightDecay: c['weight_decay'] }),
    maximize: c.maximize ?? false,
    ...(c['eps'] === undefined ? {} : { epsilon: c['eps'] }),
  };
  const adam = { ...base, ...(c.betas ? { beta1: c.betas[0]!, beta2: c.betas[1]! } : {}), amsgrad: c.amsgrad ?? false };
  switch (optimizer) {
    case 'SGD':
      return optim.sgd({ ...base, momentum: c['momentum'] ?? 0, dampening: c['dampening'] ?? 0, nesterov: c.nesterov ?? false });
    case 'Adam':
      return optim.adam(adam);
    case 'AdamW':
      return optim.adamw(adam);
    case 'Adagrad':
      return optim.adagrad({ ...base, learningRateDecay: c['lr_decay'] ?? 0, initialAccumulator: c['initial_accumulator_value'] ?? 0 });
  }
}

describe("optimizers follow PyTorch's trajectories", () => {
  const rows = readTable<Trajectory>('optimizers').filter(({ problem }) => problem === 'rosenbrock');
  console.log(`${rows.length} trajectories, 25 steps each`);
  for (const row of rows) {
    it(`${row.optimizer} ${JSON.stringify(row.config)}`, async () => {
      const optimizer = make(row);
      let x = tensor(Float64Array.from(row.x0), { dtype: 'float64' });
      let state = optimizer.init(x);
      for (let step = 0; step < 25; step++) {
        const loss = await rosenbrock(x).item();
        expect(Math.abs(loss - row.losses[step]!)).toBeLessThanOrEqual(1e-5 + 1e-4 * Math.abs(row.losses[step]!));
        const result = optimizer.update(grad(rosenbrock)(x) as Tensor, state, x);
        x = optim.applyUpdates(x, result.updates);
        state = result.state;
      }
    });
  }
});

it("parameter groups and clipping by the global norm follow PyTorch's trajectory", async () => {
  interface Row {
    readonly problem: string;
    readonly x0: [a: number[], b: number[][]];
    readonly totalNorms: number[];
    readonly params: [a: number[], b: number[][]][];
  }
  const row = readTable<Row>('optimizers').find(({ problem }) => problem === 'two-groups-clip_norm')!;
  const optimizer = optim.chain(
    optim.clipByGlobalNorm(1),
    optim.groups([
      { match: (path) => path === 'a', optimizer: optim.adam({ learningRate: 0.01 }) },
      { optimizer: optim.adam({ learningRate: 0.05, weightDecay: 0.1 }) },
    ]),
  );
  const loss = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => a.square().sum().add(b.matmul(a).square().sum());
  let parameters = { a: tensor(row.x0[0], { dtype: 'float64' }), b: tensor(row.x0[1], { dtype: 'float64' }) };
  let state: unknown = optimizer.init(parameters);
  for (const [step, [a, b]] of row.params.entries()) {
    const gradients = grad(loss)(parameters);
    expect((await optim.globalNorm(gradients).item()) / row.totalNorms[step]!).toBeCloseTo(1, 5);
    const result = optimizer.update(gradients, state as never, parameters);
    parameters = optim.applyUpdates(parameters, result.updates);
    state = result.state;
    expect(
      await parameters.a
        .sub(tensor(a, { dtype: 'float64' }))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
    expect(
      await parameters.b
        .sub(tensor(b, { dtype: 'float64' }))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
  }
});

describe("schedules give PyTorch's rates", () => {
  interface Schedule {
    readonly scheduler: string;
    readonly config: Record<string, number>;
    readonly baseLr: number;
    readonly lrs: number[];
  }
  for (const { scheduler, config, baseLr, lrs } of readTable<Schedule>('schedules')) {
    const schedule =
      scheduler === 'StepLR'
        ? optim.stepDecay(baseLr, { stepSize: config['step_size']!, gamma: config['gamma']! })
        : scheduler === 'CosineAnnealingLR'
          ? optim.cosineDecay(baseLr, { steps: config['T_max']!, minimum: config['eta_min']! })
          : optim.warmup(optim.cosineDecay(baseLr, { steps: 20 }), { steps: 5, start: 0.1 });
    it(scheduler, async () => {
      // PyTorch's cosine rises again after its end; ours stays.
      const count = scheduler === 'CosineAnnealingLR' ? config['T_max']! + 1 : scheduler === 'SequentialLR' ? 25 : lrs.length;
      for (let step = 0; step < count; step++) expect(await schedule(tensor(step)).item()).toBeCloseTo(lrs[step]!, 6);
    });
  }
});

describe("metrics give scikit-learn's values", () => {
  interface Case {
    readonly kind: 'binary' | 'multiclass' | 'regression';
    readonly inputs: { y: number[]; score: number[]; prob: number[][]; pred: number[]; threshold: number };
    readonly expected: Record<string, number> & { confusion: number[][] };
  }
  for (const [i, { kind, inputs, expected }] of readTable<Case>('metrics').entries()) {
    it(`${kind} ${i}`, async () => {
      // In two batches and merged, which must not matter.
      const value = async (metric: metrics.Metric, prediction: Tensor, target: Tensor): Promise<unknown> => {
        const half = Math.floor(target.size / 2);
        const parts = [
          [0, half],
          [half, target.size],
        ].map(([from, to]) => metric.update(metric.init(), prediction.at([from!, to!]), target.at([from!, to!])));
        return metric.compute(metric.merge(parts[0], parts[1])).array();
      };
      const y = kind === 'regression' ? tensor(inputs.y) : tensor(Int32Array.from(inputs.y));
      if (kind === 'regression') {
        expect(await value(metrics.meanSquaredError(), tensor(inputs.pred), y)).toBeCloseTo(expected['mse']!, 5);
        expect(await value(metrics.meanAbsoluteError(), tensor(inputs.pred), y)).toBeCloseTo(expected['mae']!, 5);
      } else if (kind === 'binary') {
        // The table counts a score at the threshold as positive; ours begins above it.
        const scores = tensor(inputs.score.map((score) => score + 1e-7));
        for (const name of ['precision', 'recall', 'f1'] as const)
          expect(await value(metrics[name](2), scores, y)).toBeCloseTo(expected[name]!, 5);
        expect(await value(metrics.accuracy(), scores, y)).toBeCloseTo(expected['accuracy']!, 5);
      } else {
        const scores = tensor(inputs.prob);
        expect(await value(metrics.confusionMatrix(inputs.prob[0]!.length), scores, y)).toEqual(expected.confusion);
        expect(await value(metrics.accuracy(), scores, y)).toBeCloseTo(expected['accuracy']!, 5);
        expect(await value(metrics.topKAccuracy(2), scores, y)).toBeCloseTo(expected['top2']!, 5);
      }
    });
  }
});
