import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { capture } from '@tessera/capture';
import { conv, scan, setDefaultBackend, type Tensor, tensor, tidy, Variable } from '@tessera/tensor';
import { expectClose, tolerances } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';

const backends = {
  cpu: cpu(),
  plain: await wasm({ deterministic: true }),
  threads: await wasm({ deterministic: true, threads: 2, sharesFrom: 0 }),
};

const filled = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    { shape },
  );

/** Runs a function eagerly on the reference, and captured, twice, on WebAssembly. */
async function expectSame(f: () => Tensor[], tolerance = 1e-6): Promise<void> {
  setDefaultBackend(backends.cpu);
  const expected = await Promise.all(f().map((x) => x.data()));
  for (const backend of [backends.plain, backends.threads]) {
    setDefaultBackend(backend);
    const step = capture(() => tidy(f));
    for (let i = 0; i < 2; i++) {
      for (const [k, output] of (step() as Tensor[]).entries()) {
        const data = await output.data();
        expect(data).toHaveLength(expected[k]!.length);
        data.forEach((value, at) => expect(Math.abs(Number(value) - Number(expected[k]![at]))).toBeLessThanOrEqual(tolerance));
      }
    }
    step.dispose();
  }
}

describe('a captured loop', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 8, 33]) {
    for (const reverse of [false, true]) {
      it(`of ${length} turns${reverse ? ' from the end' : ''}`, () =>
        expectSame(() => {
          const w = filled([3, 3], 2);
          const step = (h: Tensor, x: Tensor): [Tensor, [Tensor, Tensor]] => {
            const next = h.matmul(w).add(x).tanh();
            return [next, [next.mul(2), next.sum()]];
          };
          const [last, [all, sums]] = scan(step, filled([2, 3]), filled([length, 2, 3], 3), { reverse });
          return [last, all, sums];
        }));
    }
  }
  it('in a loop, with work that is described by words', () =>
    expectSame(() => {
      const kernel = filled([2, 1, 1], 4);
      const inner = (h: Tensor, x: Tensor): [Tensor, Tensor] => [h.mul(0.5).add(x), h];
      const outer = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
        const [, all] = scan(inner, h, x);
        const next = conv(all.reshape([1, -1, 1]), kernel)
          .mean()
          .add(h.mul(0.1));
        return [next, all.argmax(0)];
      };
      const [last, all] = scan(outer, filled([2]), filled([6, 5, 2], 3));
      return [last, all];
    }));
});

describe('a loop that reads variables in its body', () => {
  it('gives them their gradients, eagerly and captured', async () => {
    for (const backend of Object.values(backends)) {
      setDefaultBackend(backend);
      const [w, xs] = [new Variable(filled([3, 3], 2)), filled([4, 2, 3], 3)];
      const step = (h: Tensor, x: Tensor): readonly [Tensor, Tensor] => {
        const next = h.matmul(w.read()).add(x).tanh();
        return [next, next];
      };
      const stepByStep = (): Tensor => [0, 1, 2, 3].reduce((h, t) => step(h, xs.at(t))[0], filled([2, 3])).sum();
      const slope = (f: () => Tensor): Tensor => tidy(() => grad(f)(w) as Tensor);
      const expected = slope(stepByStep);
      const inLoop = (): Tensor => slope(() => scan(step, filled([2, 3]), xs)[0].sum());
      const captured = capture(inLoop);
      for (const got of [inLoop(), captured()]) await expectClose(backend.name, got, expected, tolerances.gradient);
      captured.dispose();
    }
  });
});

describe('a program', () => {
  it('is one call from JavaScript, however many steps it has', () => {
    const backend = backends.plain;
    setDefaultBackend(backend);
    const { execute } = backend;
    let calls = 0;
    const step = capture((x: Tensor) =>
      x
        .exp()
        .sum(0)
        .matmul(filled([3, 3]))
        .softmax()
        .argmax(0),
    );
    const x = filled([2, 3]);
    step(x);
    backend.execute = (...call) => (calls++, execute(...call));
    step(x);
    backend.execute = execute;
    expect(step.plans[0]!.steps.length).toBeGreaterThan(3);
    expect(calls).toBe(0);
  });

  it('runs again after a kernel failed amid a loop', async () => {
    setDefaultBackend(backends.plain);
    const step = capture((h: Tensor, x: Tensor) => scan((a: Tensor, b: Tensor): [Tensor, Tensor] => [a.mul(0.5).add(b), a], h, x));
    const [h, x] = [filled([2]), filled([9, 2])];
    const expected = await step(h, x)[1].data();
    // A sequence that lies beyond the memory's end.
    const { placement } = x;
    const buffer = placement!.storage.buffer as unknown as { address: number };
    const { address } = buffer;
    buffer.address = 2 ** 32 - 64;
    expect(() => step(h, x)).toThrow(/out of bounds/);
    buffer.address = address;
    expect(await step(h, x)[1].data()).toEqual(expected);
  });

  it('shares the memory of its temporaries with others, and gives it back with the last', () => {
    const backend = backends.plain;
    setDefaultBackend(backend);
    const x = filled([1000]);
    const before = backend.memory().liveBytes;
    const make = () => capture((y: Tensor) => y.exp().sum().add(y.sum()));
    const [one, two] = [make(), make()];
    one(x).dispose();
    const single = backend.memory().liveBytes - before;
    two(x).dispose();
    expect(backend.memory().liveBytes - before).toBeLessThan(2 * single);
    one.dispose();
    two.dispose();
    expect(backend.memory().liveBytes).toBe(before);
  });
});
