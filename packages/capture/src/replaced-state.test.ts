import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { memory, ones, setDefaultBackend, tensor, type Tensor, tidy, Variable, zeros } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture } from './capture.ts';

for (const [where, backend] of [
  ['cpu', cpu()],
  ['wasm', await wasm()],
] as const) {
  describe(`values that a captured function replaces on ${where}`, () => {
    beforeEach(() => setDefaultBackend(backend));
    const doubled = (w: Variable) => capture((x: Tensor) => w.assign(w.read().mul(2).add(x)));

    it('are written over', () => {
      const w = new Variable(zeros([1000]));
      const step = capture((x: Tensor) => w.assign(w.read().add(x)));
      const x = tensor(1);
      step(x);
      const { liveBytes } = memory();
      const { storage } = w.peek().placement!;
      step(x);
      expect(w.peek().placement!.storage).toBe(storage);
      expect(memory().liveBytes).toBe(liveBytes);
      const [plan] = step.plans;
      expect(plan!.outputs.at(-1)!.buffer).toBe(plan!.inputs[1]!.buffer);
    });

    it('stay as they were for whoever holds them', async () => {
      const w = new Variable(tensor([1, 2]));
      const step = doubled(w);
      const held = w.read();
      const part = held.at(0);
      const other = new Variable(held);
      step(tensor(1));
      step(held);
      expect(await w.read().array()).toEqual([7, 12]);
      expect([await held.array(), await part.array(), await other.read().array()]).toEqual([[1, 2], 1, [1, 2]]);
      // An argument that is the value itself is read as it was, too.
      step(w.read());
      expect(await w.read().array()).toEqual([21, 36]);
    });

    it('are read as they were where the argument is the value itself, and no handle more', async () => {
      const w = new Variable(tensor([1, 2]));
      const step = capture((x: Tensor) => {
        w.assign(w.read().neg());
        return x.mul(w.read());
      });
      for (const expected of [
        [-1, -4],
        [-1, -4],
      ])
        expect(await step(w.peek()).array()).toEqual(expected);
    });

    it('leave the memory of which they were a part', () => {
      const big = zeros([1000]);
      const w = new Variable(big.at([0, 10]));
      big.dispose();
      const step = capture(() => w.assign(w.read().add(1)));
      tidy(() => step());
      expect(w.peek().placement!.storage.buffer.byteLength).toBe(40);
    });

    it('stay as they were for another variable that holds the same', async () => {
      const shared = tensor([1, 2]);
      const [a, b] = [new Variable(shared), new Variable(shared)];
      shared.dispose();
      const step = capture(() => {
        a.assign(a.read().add(1));
        b.assign(b.read().mul(10));
      });
      step();
      step();
      expect([await a.read().array(), await b.read().array()]).toEqual([
        [3, 4],
        [100, 200],
      ]);
    });

    it('may swap places, and stay as they are', async () => {
      const [a, b, c] = [new Variable(tensor([1, 2])), new Variable(tensor([3, 4])), new Variable(tensor([5, 6]))];
      const step = capture(() => {
        const [x, y] = [a.read(), b.read()];
        a.assign(y);
        b.assign(x);
        c.assign(c.read());
      });
      for (let i = 0; i < 3; i++) step();
      expect([await a.read().array(), await b.read().array(), await c.read().array()]).toEqual([
        [3, 4],
        [1, 2],
        [5, 6],
      ]);
    });
  });
}

it('an update in the manner of Adam needs no second copy of parameters and means', async () => {
  setDefaultBackend(await wasm());
  const n = 100_000;
  const variables = (): Variable[] => [ones([n]), zeros([n]), ones([n])].map((value) => new Variable(value));
  const updateOf =
    ([w, mean, square]: readonly Variable[]) =>
    (): void => {
      const gradient = w!.read().square();
      const m = mean!.read().mul(0.9).add(gradient.mul(0.1));
      const v = square!.read().mul(0.99).add(gradient.square().mul(0.01));
      mean!.assign(m);
      square!.assign(v);
      w!.assign(w!.read().sub(m.div(v.sqrt()).mul(0.1)));
    };
  const [captured, eager] = [variables(), variables()];
  const [step, eagerly] = [capture(updateOf(captured)), updateOf(eager)];
  for (let i = 0; i < 3; i++) {
    step();
    tidy(eagerly);
  }
  for (const [i, variable] of captured.entries()) expect(await variable.read().data()).toEqual(await eager[i]!.read().data());
  const plan = step.plans.at(-1)!;
  expect(plan.buffers.filter(({ byteLength }) => byteLength === 4 * n)).toHaveLength(3);
  expect(plan.describe()).toMatch(/output 0 over input \d.* in place/);
});
