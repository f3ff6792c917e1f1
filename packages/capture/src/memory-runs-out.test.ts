import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type Backend, type Buffer, OutOfMemoryError } from '@tessera/core';
import { full, ones, scan, type Tensor, tensor, Variable, zeros } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { capture } from './capture.ts';

/** The backend with an allocation that fails: the one after so many more. */
function failing(backend: Backend): Backend & { failAfter(count: number): void } {
  let left = Infinity;
  return {
    ...backend,
    allocate(byteLength) {
      if (left-- === 0) throw new OutOfMemoryError('[test] no memory');
      return backend.allocate(byteLength);
    },
    failAfter: (count) => (left = count),
  };
}

describe('where memory runs out, a captured function gives back what it took', () => {
  it('wherever that happens', async () => {
    const backend = failing(cpu());
    const x = full([3, 4], 2, { backend });
    const w = new Variable(ones([4], { backend }));
    const shared = w.read();
    const table = full([4], 3, { backend });
    const step = (input: Tensor): readonly unknown[] => {
      const [last, all] = scan((sum: Tensor, row: Tensor) => [sum.add(row.exp()), sum.mul(2)], w.read(), input.T.flip());
      w.assign(w.read().add(1));
      return [last, all.sum(), input.transpose().reshape([-1]), table.exp()];
    };
    const { liveBytes, liveBuffers } = backend.memory();
    let failures = 0;
    for (; ; failures++) {
      const captured = capture(step as never as (input: Tensor) => Tensor[]);
      backend.failAfter(failures);
      try {
        captured(x.T);
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
        backend.failAfter(Infinity);
        captured.dispose();
        expect(backend.memory()).toMatchObject({ liveBytes, liveBuffers });
        expect(await w.read().array()).toEqual([1, 1, 1, 1]);
      }
    }
    backend.failAfter(Infinity);
    expect(failures).toBeGreaterThan(10);
    expect(await shared.array()).toEqual([1, 1, 1, 1]);
  });

  it('and plans that are ready go on, also when a larger one gives its memory back', async () => {
    const backend = await wasm({ maximumBytes: 8 * 2 ** 20 });
    const stepOf = (rows: number) => capture((row: Tensor) => row.broadcastTo([rows, 1000]).cumsum(0).mul(2).max());
    const x = ones([1, 1000], { backend });
    const [small, large, tooLarge] = [stepOf(300), stepOf(600), stepOf(4000)];
    expect(await small(x).item()).toBe(600);
    expect(await large(x).item()).toBe(1200);
    expect(() => tooLarge(x)).toThrow(OutOfMemoryError);
    expect(await large(x).item()).toBe(1200);
    // Nothing is left but the memory of the larger plan, in which the smaller one's must find its place.
    const rest: Buffer[] = [];
    for (let bytes = 2 ** 20; bytes >= 1024; bytes /= 2) {
      try {
        for (;;) rest.push(backend.allocate(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
      }
    }
    large.dispose();
    expect(await small(x).item()).toBe(600);
    backend.dispose();
  });

  it('in the memory of WebAssembly', async () => {
    const maximumBytes = 8 * 2 ** 20;
    const backend = await wasm({ maximumBytes });
    const x = tensor(new Float32Array(1000), { shape: [1, 1000], backend });
    let failed = 0;
    for (let rows = 100; rows <= 2000; rows += 100) {
      const { liveBytes } = backend.memory();
      const step = capture((row: Tensor) => row.broadcastTo([rows, 1000]).cumsum(0).exp().cumsum(1).sum());
      try {
        step(x).dispose();
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
        failed++;
      }
      step.dispose();
      expect(backend.memory().liveBytes).toBe(liveBytes);
    }
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(20);
    const free = zeros([maximumBytes / 16], { backend });
    expect(await free.add(1).max().item()).toBe(1);
    backend.dispose();
  });
});
