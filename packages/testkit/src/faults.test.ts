import { cpu } from '@tessera/backend-cpu';
import type { Backend } from '@tessera/core';
import { Random, type Tensor, zeros } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { checkBackend, checkFlatMemory } from './check-backend.ts';
import { checkMetric, type MetricLike } from './check-metric.ts';
import { checkOp } from './check-op.ts';
import { checkOptimizer, type OptimizerLike, type ParametersLike } from './check-optimizer.ts';

/** A backend with one thing done otherwise. */
function faulty(change: Partial<Backend>): Backend {
  const good = cpu();
  const methods = ['allocate', 'free', 'write', 'read', 'execute', 'memory', 'dispose'] as const;
  const bound = methods.map((name) => [name, (good[name] as (...parameters: never[]) => unknown).bind(good)]);
  return { name: good.name, computes: good.computes, composites: good.composites, ...Object.fromEntries(bound), ...change };
}

describe('a check finds the fault that was planted', () => {
  it('in a kernel', async () => {
    const good = cpu();
    const wrong = faulty({
      execute: (op, inputs, attributes, outputs) => good.execute(op === 'add' ? 'sub' : op, inputs, attributes, outputs),
    });
    const x = { shape: [2], dtype: 'float32', data: [1, 2] } as const;
    const add = { name: 'add', samples: [{ inputs: [x, x], run: (a: Tensor, b: Tensor) => a.add(b) }] };
    await expect(checkOp(add, wrong, good)).rejects.toThrow('[add sample 0 on cpu] element 0 of [2] must be 2: got 0');
    await expect(checkBackend(() => wrong, { reference: good, steps: 5 })).rejects.toThrow(/add sample 0 on cpu/);
  });

  it('in the memory of a backend', async () => {
    const leaking = faulty({ free: () => {} });
    await expect(checkFlatMemory(leaking, { steps: 10 })).rejects.toThrow(/memory must stay flat over 10 eager steps/);
    await expect(checkBackend(() => leaking, { reference: cpu(), steps: 5 })).rejects.toThrow(/free must give back all/);
  });

  const descent = (rate: number): OptimizerLike => ({
    init: () => ({ count: zeros([]) }),
    update: (gradients: ParametersLike, { count }: { count: Tensor }) => ({
      updates: Object.fromEntries(Object.entries(gradients).map(([key, g]) => [key, g.mul(-rate)])),
      state: { count: count.add(1) },
    }),
  });
  const optimizers: Record<string, [OptimizerLike, RegExp | undefined]> = {
    none: [descent(0.1), undefined],
    'steps uphill': [descent(-0.1), /the loss must go down/],
    'a state that changes': [
      { ...descent(0.1), update: (gradients) => ({ updates: gradients, state: { count: zeros([2]) } }) },
      /must keep its structure, count: float32 \[\]: got count: float32 \[2\]/,
    ],
    'a number in the state': [{ ...descent(0.1), init: () => ({ count: 0 }) }, /the state must be a tree of tensors: got number/],
    'one group of parameters that are not treated alike': [
      {
        ...descent(0.1),
        groupOf: () => '',
        update: (gradients, { count }: { count: Tensor }) => ({
          updates: Object.fromEntries(Object.entries(gradients).map(([key, g]) => [key, g.mul(key === 'w' ? -0.1 : -0.2)])),
          state: { count },
        }),
      },
      /laid end to end\] element 0/,
    ],
    'zero divided by zero': [
      {
        ...descent(0.1),
        update: (gradients, { count }: { count: Tensor }) => ({
          updates: Object.fromEntries(Object.entries(gradients).map(([key, g]) => [key, g.div(g.abs()).mul(-0.1)])),
          state: { count },
        }),
      },
      /a gradient of zero must leave everything finite/,
    ],
  };
  for (const [name, [optimizer, message]] of Object.entries(optimizers)) {
    it(`in an optimizer: ${name}`, async () => {
      const check = checkOptimizer(optimizer, { name: 'descent' }, cpu());
      await (message ? expect(check).rejects.toThrow(message) : check);
    });
  }

  const sum: MetricLike<Tensor> = {
    name: 'sum',
    init: () => zeros([]),
    update: (state, prediction) => state.add(prediction.sum()),
    compute: (state) => state.mul(1),
    merge: (a, b) => a.add(b),
  };
  const metrics: Record<string, [MetricLike<Tensor>, RegExp | undefined]> = {
    none: [sum, undefined],
    'a part that is dropped': [{ ...sum, merge: (a) => a }, /sum sample 0 on cpu merged\] element 0/],
    'a start that counts': [{ ...sum, init: () => zeros([]).add(1) }, /element 0 of \[\] must be 6: got 7/],
    'a state that is consumed': [{ ...sum, compute: (state) => (state.dispose(), new Random(1).normal([])) }, /disposed|element 0/],
  };
  const x = { shape: [1], dtype: 'float32', data: [2] } as const;
  const six = { shape: [], dtype: 'float32', data: [6] } as const;
  for (const [name, [metric, message]] of Object.entries(metrics)) {
    it(`in a metric: ${name}`, async () => {
      const batch = { prediction: x, target: x };
      const check = checkMetric(metric, [{ batches: [batch, batch, batch], expected: six }], cpu());
      await (message ? expect(check).rejects.toThrow(message) : check);
    });
  }
});
