import { cpu } from '@tessera/backend-cpu';
import type { PlanRunner } from '@tessera/core';
import { grad, valueAndGrad } from '@tessera/autograd';
import {
  conv,
  full,
  maskOf,
  maskOfLengths,
  maxPool,
  memory,
  Random,
  scan,
  setDefaultBackend,
  softmax,
  type Tensor,
  tensor,
  tidy,
  Variable,
  withMask,
} from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture } from './capture.ts';

beforeEach(() => setDefaultBackend(cpu()));

const image = (): Tensor =>
  tensor(
    Float32Array.from({ length: 2 * 6 * 6 * 2 }, (_, i) => Math.sin(i)),
    { shape: [2, 6, 6, 2] },
  );
const kernel = (): Tensor =>
  tensor(
    Float32Array.from({ length: 3 * 3 * 2 * 3 }, (_, i) => Math.cos(i)),
    { shape: [3, 3, 2, 3] },
  );

describe('capture', () => {
  const functions: Record<string, (x: Tensor, k: Tensor) => unknown> = {
    arithmetic: (x) => x.mul(2).add(1).sqrt(),
    views: (x) => [x.transpose().reshape([-1]), x.at(':', '::-2').flip()],
    identity: (x) => [x, x, x.at(0)],
    constants: (x) => [x.mul(0), full([3], 2)],
    network: (x, k) => maxPool(conv(x, k).relu(), 2).reshape([2, -1]).softmax(),
    gradient: (x, k) =>
      grad((w: Tensor) =>
        softmax(conv(x, w).relu().reshape([2, -1]))
          .square()
          .sum(),
      )(k),
    second: (x) => grad((a: Tensor) => (grad((b: Tensor) => b.pow(3).sum())(a) as Tensor).square().sum())(x),
    loop: (x) => scan((sum: Tensor, row: Tensor) => [sum.mul(0.5).add(row), sum], x.at(0), x),
    random: () => new Random(3).normal([5]),
  };
  for (const [name, f] of Object.entries(functions)) {
    it(`gives the same numbers as eager code, bit for bit: ${name}`, async () => {
      const [x, k] = [image(), kernel()];
      const step = capture(f);
      const flat = (result: unknown): Tensor[] => ([result] as unknown[]).flat(3) as Tensor[];
      const [eager, first, second] = [f(x, k), step(x, k), step(x, k)].map(flat);
      for (const [i, expected] of eager!.entries()) {
        expect(first![i]!.shape).toEqual(expected.shape);
        expect(await first![i]!.data()).toEqual(await expected.data());
        expect(await second![i]!.data()).toEqual(await expected.data());
      }
    });
  }

  it('reads and assigns variables, and commits nothing when the step fails', async () => {
    const w = new Variable(tensor([1, 2]));
    const step = capture((x: Tensor) => {
      w.assign(w.read().add(x));
      return w.read().sum();
    });
    expect(await step(tensor([1, 1])).item()).toBe(5);
    expect(await step(tensor([1, 1])).item()).toBe(7);
    expect(await w.read().array()).toEqual([3, 4]);
    const backend = w.read().backend;
    const { execute } = backend;
    backend.execute = () => {
      throw new Error('lost');
    };
    expect(() => step(tensor([1, 1]))).toThrow('lost');
    backend.execute = execute;
    expect(await w.read().array()).toEqual([3, 4]);
  });

  it('warms up: makes the plan and compiles it, but runs nothing', async () => {
    const backend = cpu();
    const told: number[][] = [];
    let runs = 0;
    const prepare = (): PlanRunner => ({
      compile: async (onProgress) => {
        await undefined;
        for (const done of [1, 2, 3]) onProgress?.(done, 3);
      },
      run: () => void runs++,
      dispose: () => {},
    });
    const compiling = { ...backend, prepare };
    let traced = 0;
    const step = capture((x: Tensor) => (traced++, x.exp()));
    const x = tensor([1, 2], { backend: compiling });
    await step.warmUp([x], { onProgress: (...progress) => told.push(progress) });
    expect([told, runs, step.plans.length]).toEqual([
      [
        [1, 3],
        [2, 3],
        [3, 3],
      ],
      0,
      1,
    ]);
    step(x);
    expect([traced, runs]).toEqual([1, 1]);
    // A backend that compiles nothing is ready at once.
    await step.warmUp([tensor([1])]);
    expect(traced).toBe(2);
  });

  it('keeps at most maxPlans signatures and gives their memory back', () => {
    const step = capture((x: Tensor) => x.add(1).mul(2).sum(), { maxPlans: 2 });
    for (let n = 1; n < 6; n++) step(full([n], 1)).dispose();
    expect(step.plans).toHaveLength(2);
    step.dispose();
    expect(step.plans).toHaveLength(0);
  });

  it('keeps memory flat over 1,000 replays', () => {
    const w = new Variable(tensor([1, 2]));
    const x = tensor([0.1, 0.2]);
    const step = capture(() => {
      const [loss, gradients] = valueAndGrad(() => w.read().mul(x).sum().square())({ w });
      w.assign(w.read().sub(gradients.w.mul(0.01)));
      return loss;
    });
    step().dispose();
    const before = memory();
    for (let i = 0; i < 1000; i++) tidy(() => void step());
    expect(memory().liveBytes).toBe(before.liveBytes);
    expect(memory().liveBuffers).toBe(before.liveBuffers);
  });

  it('names what cannot be traced', async () => {
    // oxlint-disable-next-line no-restricted-properties -- it must be refused
    expect(() => capture((x: Tensor) => x.mul(Math.random()))(tensor([1]))).toThrow(
      /Math.random was called while tracing at .*capture.test/,
    );
    let reading: Promise<unknown> | undefined;
    capture((x: Tensor) => {
      reading = x.mul(2).data();
      return x;
    })(tensor([1]));
    await expect(reading).rejects.toThrow(/\[data\] a value that is being traced has no numbers yet: read at .*capture.test/);
    expect(() => capture(async (x: Tensor) => x)(tensor([1]))).toThrow(/must be synchronous/);
  });

  it('finds a function that changes its mind', () => {
    let turn = 0;
    const step = capture((x: Tensor) => (turn++ < 1 ? x.add(1) : x.mul(2)), { check: 2 });
    const x = tensor([1]);
    step(x);
    step(x);
    expect(() => step(x)).toThrow(/op 0 was fill \{"value":1.* and is now fill \{"value":2/);
  });

  it('describes its plan', () => {
    const step = capture((x: Tensor) => x.exp().sum());
    step(tensor([1, 2]));
    expect(step.plans[0]!.describe()).toBe(
      [
        '2 steps, 64 bytes of temporaries',
        '   0          8  [2] (t1) = exp [2] (input 0)',
        '   1          8  [] (output 0) = sum [2] (t1)',
      ].join('\n'),
    );
  });
});

describe('sources of random numbers', () => {
  it('that are older than the trace go on from call to call; those made inside begin anew, as in eager code', async () => {
    const older = new Random(3);
    const drawn = async (f: () => Tensor, calls: number): Promise<unknown[]> => {
      const results: unknown[] = [];
      for (let i = 0; i < calls; i++) results.push(String(await f().array()));
      return results;
    };
    const step = capture(() => older.uniform([3]));
    expect(new Set(await drawn(step, 3)).size).toBe(3);
    const anew = await drawn(
      capture(() => new Random(3).uniform([3])),
      2,
    );
    expect(new Set(anew)).toEqual(new Set(await drawn(() => new Random(3).uniform([3]), 1)));
    step.dispose();
  });

  it('that are split from older ones begin anew, and forks of them go on', async () => {
    const older = new Random(3);
    const text = async (f: () => Tensor): Promise<string> => String(await f().array());
    const split = capture(() => older.split('a').uniform([3]));
    expect(await text(split)).toBe(await text(() => older.split('a').uniform([3])));
    expect(await text(split)).toBe(await text(split));
    const fork = capture(() => older.fork().split('a').uniform([3]));
    expect(await text(fork)).not.toBe(await text(fork));
  });
});

describe('what is around', () => {
  it('masks of arguments are seen, and make plans of their own', async () => {
    const sum = (x: Tensor): Tensor => {
      const mask = maskOf(x);
      return mask ? x.mul(mask.astype('float32').expandDims(2)).sum() : x.sum();
    };
    const captured = capture(sum);
    const x = tensor([
      [[1], [2]],
      [[4], [8]],
    ]);
    const masked = (lengths: number[]): Tensor => withMask(x, maskOfLengths(tensor(Int32Array.from(lengths)), 2));
    expect(await captured(x).item()).toBe(15);
    expect(await captured(masked([1, 2])).item()).toBe(13);
    expect(await captured(masked([2, 1])).item()).toBe(7);
    expect(captured.plans).toHaveLength(2);
    captured.dispose();
  });

  it('what is frozen is looked at again', async () => {
    const w = new Variable(tensor(2));
    const captured = capture((x: Tensor) => x.mul(w.trainable ? 1 : 10));
    expect(await captured(tensor(1)).item()).toBe(1);
    w.trainable = false;
    expect(await captured(tensor(1)).item()).toBe(10);
    captured.dispose();
  });
});
