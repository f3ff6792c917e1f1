import { grad } from '@tessera/autograd';
import { wasm } from '@tessera/backend-wasm';
import { tensor, type Tensor, zeros } from '@tessera/tensor';
import { opDescriptions } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';
import { program } from './browser/program.ts';
import './every-backend.ts';

describe('builds of the kernels', () => {
  it('with relaxed SIMD are taken where the engine has it, unless results must be the same everywhere', async () => {
    expect((await wasm()).build).toBe('relaxed-simd');
    expect((await wasm({ deterministic: true })).build).toBe('simd');
  });

  it('give the same bits at every run', async () => {
    expect(await program()).toEqual(await program());
  });
});

describe('threads', () => {
  it('are as many as asked for, and at least one', async () => {
    expect((await wasm()).threads).toBe(1);
    expect((await wasm({ threads: 2 })).threads).toBe(2);
    await expect(wasm({ threads: 0 })).rejects.toThrow(/threads must be a whole number ≥ 1: got 0/);
  });

  it('compute to the same bits, however many there are', async () => {
    const outcomes = [await program({ deterministic: true })];
    for (const count of [2, 3]) outcomes.push(await program({ deterministic: true, threads: count, sharesFrom: 0 }));
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it('compute every op to the same bits', async () => {
    const backends = await Promise.all([1, 2, 3].map((threads) => wasm({ deterministic: true, threads, sharesFrom: 0 })));
    for (const { name, samples } of opDescriptions) {
      for (const [i, sample] of samples.entries()) {
        const results = await Promise.all(
          backends.map(async (backend) => {
            const given = sample.inputs.map(({ data, ...form }) => tensor(Float64Array.from(data), { ...form, backend }));
            const floats = given.filter(({ dtype }) => dtype === 'float32');
            const run = (...some: Tensor[]): Tensor[] =>
              [sample.run(...given.map((x) => (floats.includes(x) ? some[floats.indexOf(x)]! : x)))].flat() as Tensor[];
            const loss = (...some: Tensor[]): Tensor =>
              run(...some).reduce((sum, y) => sum.add(y.astype('float32').square().sum()), zeros([], { backend }));
            const differentiable = floats.length > 0 && (sample.order !== 0 || sample.gradients);
            const outputs = [
              ...run(...floats),
              ...(differentiable ? (grad(loss, { argnums: floats.map((_, k) => k) })(...floats) as unknown as Tensor[]) : []),
            ];
            return Promise.all(outputs.map((output) => output.data()));
          }),
        );
        for (const other of results.slice(1)) expect(other, `${name} sample ${i}`).toEqual(results[0]);
      }
    }
  });
});
