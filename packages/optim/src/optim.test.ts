import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { adagrad } from './adagrad.ts';
import { adam, adamw } from './adam.ts';
import { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from './clip.ts';
import { groups } from './groups.ts';
import type { Schedule } from './learning-rate.ts';
import { applyUpdates, chain, type Optimizer } from './optimizer.ts';
import { constant, cosineDecay, stepDecay, warmup } from './schedules.ts';
import { sgd } from './sgd.ts';

beforeAll(() => void setDefaultBackend(cpu()));

type Tree = Record<string, Tensor>;
const arrays = async (tree: unknown): Promise<Record<string, unknown>> =>
  Object.fromEntries(await Promise.all(Object.entries(tree as Tree).map(async ([key, value]) => [key, await value.array()])));
const updatesOf = (optimizer: Optimizer<never>, gradients: Tree, parameters: Tree): unknown =>
  optimizer.update(gradients, optimizer.init(parameters), parameters).updates;

describe('clipping', () => {
  const gradients = (): Tree => ({ a: tensor([3, 0]), b: tensor([[4]]) });
  const clipped = async (optimizer: unknown): Promise<Record<string, unknown>> =>
    arrays(updatesOf(optimizer as Optimizer<never>, gradients(), gradients()));

  it('by the norm of all together keeps the direction', async () => {
    expect(await globalNorm(gradients()).item()).toBe(5);
    expect(await clipped(clipByGlobalNorm(2.5))).toEqual({ a: [1.5, 0], b: [[2]] });
    expect(await clipped(clipByGlobalNorm(10))).toEqual({ a: [3, 0], b: [[4]] });
  });
  it('by each norm', async () => expect(await clipped(clipByNorm(3))).toEqual({ a: [3, 0], b: [[3]] }));
  it('by value', async () => expect(await clipped(clipByValue(3.5))).toEqual({ a: [3, 0], b: [[3.5]] }));
  it('of zero gradients gives zeros', async () => {
    const none = { a: zeros([2]) };
    for (const clip of [clipByGlobalNorm(1), clipByNorm(1), clipByValue(1)]) {
      expect(await arrays(updatesOf(clip as never, none, none))).toEqual({ a: [0, 0] });
    }
  });
});

describe('optimizers combine', () => {
  const parameters = (): Tree => ({ kernel: tensor([1]), bias: tensor([1]) });

  it('groups: each parameter goes to the first that takes it', async () => {
    const optimizer = groups([
      { match: (path) => path === 'bias', optimizer: sgd({ learningRate: 1 }) },
      { optimizer: sgd({ learningRate: 0.5 }) },
    ]);
    expect(await arrays(updatesOf(optimizer as never, parameters(), parameters()))).toEqual({ kernel: [-0.5], bias: [-1] });
  });
  it('groups: a parameter that none takes is named', () => {
    const optimizer = groups([{ match: (path) => path === 'bias', optimizer: sgd() }]);
    expect(() => optimizer.init(parameters())).toThrow('[groups] every parameter must be in a group: got none for kernel');
  });
  it('chain: each gets what the one before gives', async () => {
    const optimizer = chain(clipByValue(0.25), sgd({ learningRate: 2 }));
    expect(await arrays(updatesOf(optimizer as never, parameters(), parameters()))).toEqual({ kernel: [-0.5], bias: [-0.5] });
  });
  it('applyUpdates adds leaf by leaf, and wants one structure', async () => {
    expect(await arrays(applyUpdates(parameters(), { kernel: tensor([2]), bias: tensor([-1]) }))).toEqual({ kernel: [3], bias: [0] });
    expect(() => applyUpdates(parameters(), { kernel: tensor([2]) })).toThrow(/must have the same structure: got nothing for bias/);
  });
});

describe('the first step is what the formula says', () => {
  const x = (): Tree => ({ x: tensor([1]) });
  const slope = (): Tree => ({ x: tensor([4]) });
  const cases: Record<string, [optimizer: unknown, update: number]> = {
    sgd: [sgd({ learningRate: 0.1 }), -0.4],
    'sgd with decay': [sgd({ learningRate: 0.1, weightDecay: 0.5 }), -0.45],
    'sgd that climbs': [sgd({ learningRate: 0.1, maximize: true }), 0.4],
    nesterov: [sgd({ learningRate: 0.1, momentum: 0.5, nesterov: true }), -0.6],
    adam: [adam({ learningRate: 0.1 }), -0.1],
    adamw: [adamw({ learningRate: 0.1, weightDecay: 0.5 }), -0.15],
    adagrad: [adagrad({ learningRate: 0.1, initialAccumulator: 9 }), -0.08],
  };
  for (const [name, [optimizer, update]] of Object.entries(cases)) {
    it(name, async () => {
      const { x: got } = await arrays(updatesOf(optimizer as never, slope(), x()));
      expect((got as number[])[0]).toBeCloseTo(update, 6);
    });
  }
});

describe('schedules', () => {
  const at = async (schedule: Schedule, ...steps: number[]): Promise<number[]> =>
    Promise.all(steps.map(async (step) => (await schedule(tensor(step)).item()) as number));
  const near = (got: number[], expected: number[]): void => expected.forEach((rate, i) => expect(got[i]).toBeCloseTo(rate, 6));

  it('constant', async () => near(await at(constant(0.3), 0, 7), [0.3, 0.3]));
  it('step', async () => near(await at(stepDecay(1, { stepSize: 3, gamma: 0.5 }), 0, 2, 3, 5, 6, 300), [1, 1, 0.5, 0.5, 0.25, 0.5 ** 100]));
  it('cosine stays at its end', async () => near(await at(cosineDecay(1, { steps: 10, minimum: 0.2 }), 0, 5, 10, 99), [1, 0.6, 0.2, 0.2]));
  it('warm-up hands over to the schedule', async () =>
    near(await at(warmup(cosineDecay(1, { steps: 10 }), { steps: 4, start: 0.2 }), 0, 2, 4, 9, 14), [0.2, 0.6, 1, 0.5, 0]));
  it('a rate that is a number lies in the state, so that it can be changed', async () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const parameters = { x: tensor([1]) };
    const state = { ...optimizer.init(parameters), learningRate: tensor(1) };
    expect(await arrays(optimizer.update(parameters, state, parameters).updates)).toEqual({ x: [-1] });
  });
});
