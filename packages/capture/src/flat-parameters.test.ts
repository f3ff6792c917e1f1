import { checkpoint, valueAndGrad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { FlatParameters, scan, setDefaultBackend, tensor, type Tensor, tidy, Variable, zeros } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Captured, capture } from './capture.ts';

const opsOf = (step: Captured<never, unknown>): string[] => step.plans.at(-1)!.steps.map(({ op }) => op);

for (const [where, backend] of [
  ['cpu', cpu()],
  ['wasm', await wasm()],
] as const) {
  describe(`captured functions and flat parameters on ${where}`, () => {
    let w: Variable;
    let b: Variable;
    const both = async (): Promise<unknown[]> => [await w.read().array(), await b.read().array()];
    beforeEach(() => {
      setDefaultBackend(backend);
      w = new Variable(tensor([1, 2, 3]));
      b = new Variable(tensor([4, 5]));
    });

    it('read variables as views of one input', async () => {
      const flat = new FlatParameters([w, b]);
      const f = capture(() => w.read().sum().add(b.read().sum()).add(flat.read()[0]!.sum()));
      expect(await f().item()).toBe(30);
      expect(f.plans[0]!.inputs.map(({ view }) => view.shape)).toEqual([[5]]);
      expect(opsOf(f)).not.toContain('copy');
      b.assign(tensor([0, 0]));
      expect(await f().item()).toBe(12);
    });

    it('assign them together or one by one, and read what was assigned', async () => {
      const flat = new FlatParameters([w, b]);
      const f = capture((x: Tensor) => {
        b.assign(b.read().mul(x));
        const between = flat.read()[0]!;
        flat.assign({ 0: between.add(w.read().sum()) });
        w.assign(w.read().neg());
        return [between, w.read(), b.read()];
      });
      const g = (x: Tensor): unknown => tidy(() => f(x));
      const eager = [new Variable(tensor([1, 2, 3])), new Variable(tensor([4, 5]))] as const;
      for (const x of [2, 3]) {
        g(tensor(x));
        eager[1].assign(eager[1].read().mul(x));
        const sum = eager[0].read().sum();
        for (const variable of eager) variable.assign(variable.read().add(sum));
        eager[0].assign(eager[0].read().neg());
        expect(await both()).toEqual([await eager[0].read().array(), await eager[1].read().array()]);
      }
      expect(f.plans[0]!.outputs.map(({ view }) => view.shape)).toEqual([[5], [3], [2], [5]]);
    });

    it('are traced again once variables lie elsewhere', async () => {
      const f = capture(() => w.read().sum().add(b.read().sum()));
      expect(await f().item()).toBe(15);
      const flat = new FlatParameters([w, b]);
      flat.assign({ 0: zeros([5]) });
      expect(await f().item()).toBe(0);
      expect(f.plans.map(({ inputs }) => inputs.length)).toEqual([1]);
      flat.unpack();
      w.assign(tensor([1, 1, 1]));
      expect(await f().item()).toBe(3);
    });

    it('but once: those laid out in turn for two functions are copied instead', async () => {
      const [whole, part] = [new FlatParameters([w, b]), new FlatParameters([b])];
      let traces = 0;
      const f = capture(() => whole.assign({ 0: whole.read()[0]!.mul(2) }));
      const g = capture(() => {
        traces++;
        part.assign({ 0: part.read()[0]!.add(w.read().sum()) });
      });
      for (let i = 0; i < 4; i++) {
        g();
        f();
      }
      expect(traces).toBe(2);
      // b ← 2(b + Σ w), w ← 2w
      expect(await both()).toEqual([
        [16, 32, 48],
        [4 * 96 + 64, 4 * 96 + 80],
      ]);
    });

    it('take variables back that were laid out for another', async () => {
      const first = new FlatParameters([w, b]);
      const f = capture(() => first.assign({ 0: first.read()[0]!.add(w.read().sum()) }));
      f();
      const second = new FlatParameters([b, w]);
      const g = capture(() => second.assign({ 0: second.read()[0]!.mul(b.read().sum()) }));
      g();
      f();
      g();
      const fresh = { w: [1, 2, 3], b: [4, 5] };
      const sum = (x: number[]): number => x.reduce((p, q) => p + q, 0);
      for (let i = 0; i < 2; i++) {
        const s = sum(fresh.w);
        fresh.w = fresh.w.map((x) => x + s);
        fresh.b = fresh.b.map((x) => x + s);
        const t = sum(fresh.b);
        fresh.w = fresh.w.map((x) => x * t);
        fresh.b = fresh.b.map((x) => x * t);
      }
      expect(await both()).toEqual([fresh.w, fresh.b]);
    });

    it('have gradients by variables read in loops and in parts that are computed again', async () => {
      const square = checkpoint((x: Tensor) => x.mul(w.read()).mul(w.read()));
      const losses = {
        parts: () => square(tensor([1, 1, 1])).sum(),
        loop: () => scan((x: Tensor) => [x.mul(w.read()), 0], tensor([1, 1, 1]), undefined, { length: 2 })[0].sum(),
      };
      new FlatParameters([b, w]);
      for (const loss of Object.values(losses)) {
        const step = capture(() => (valueAndGrad(loss)({ w }) as unknown as [Tensor, { w: Tensor }])[1].w);
        expect(await step().array()).toEqual([2, 4, 6]);
      }
    });
  });
}
