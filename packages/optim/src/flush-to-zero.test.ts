import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor, tidy, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam } from './adam.ts';
import { flushToZero } from './flush-to-zero.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

beforeAll(() => void setDefaultBackend(cpu()));

describe('flushToZero', () => {
  it('keeps what is not too small, and NaN', async () => {
    const x = tensor([1e-3, -1e-3, 1e-5, -1e-5, 0, Infinity, -Infinity, NaN]);
    const kept = [1e-3, -1e-3, 0, 0, 0, Infinity, -Infinity, NaN].map(Math.fround);
    expect(await flushToZero(x, 1e-4).array()).toEqual(kept);
  });

  // 0.9ⁿ is less than the least normal number from step 829 on; β₂ = 0.9, so that the mean of squares gets there as well.
  const cases: Record<string, [Optimizer<never>, readonly string[]]> = {
    adam: [adam({ beta2: 0.9 }) as never, ['mean', 'square']],
    sgd: [sgd({ momentum: 0.9 }) as never, ['momentum']],
  };
  for (const [name, [optimizer, slots]] of Object.entries(cases)) {
    it(`lets what ${name} remembers of gradients end at 0`, async () => {
      const x = tensor([1, -2]);
      let state: object = optimizer.update(tensor([0.5, -0.5]), optimizer.init(x), x).state;
      for (let i = 0; i < 900; i++) state = tidy(() => optimizer.update(zeros([2]), state as never, x).state);
      for (const slot of slots) expect(await (state as Record<string, Tensor>)[slot]!.abs().array()).toEqual([0, 0]);
    });
  }
});
