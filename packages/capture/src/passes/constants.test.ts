import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { arange, full, memory, scan, setDefaultBackend, type Tensor, tensor, tidy } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

const kernels = await wasm();
beforeEach(() => setDefaultBackend(cpu()));

const opsOf = (step: { readonly plans: readonly { readonly steps: readonly { readonly op: string }[] }[] }): string[] =>
  step.plans[0]!.steps.map(({ op }) => op);

describe('what depends on no input is computed once', () => {
  it('numbers and tables', async () => {
    const step = capture((x: Tensor) =>
      x
        .mul(2)
        .add(arange(3).mul(0.5).exp())
        .sub(full([3], 7)),
    );
    const eager = tensor([1, 2, 3]).mul(2).add(arange(3).mul(0.5).exp()).sub(7);
    for (let i = 0; i < 2; i++) expect(await step(tensor([1, 2, 3])).data()).toEqual(await eager.data());
    expect(opsOf(step)).toEqual(['mul', 'add', 'sub']);
  });
  it('what is made of tensors from outside', async () => {
    const weights = tensor([
      [1, 2],
      [3, 4],
    ]); // prettier-ignore
    const step = capture((x: Tensor) => x.matmul(weights.square().add(1)));
    expect(await step(tensor([[1, 1]])).array()).toEqual([[12, 22]]);
    expect(opsOf(step)).toEqual(['matmul']);
  });
  it('results of the function itself', async () => {
    const step = capture((x: Tensor) => [arange(4).exp(), x.neg()]);
    expect(await step(tensor([1]))[0]!.data()).toEqual(await arange(4).exp().data());
    expect(opsOf(step)).toEqual(['neg', 'copy']);
  });
  it('but not what takes much memory, except for what it is made of', () => {
    const step = capture((x: Tensor) => full([1024, 1024], 2).exp().cumsum(1).add(x));
    step(tensor([1]));
    expect(opsOf(step)).toEqual(['copy', 'cumsum', 'add']);
  });
  it('and gives its memory back with the plan', () => {
    const before = memory().liveBytes;
    const step = capture((x: Tensor) => x.add(arange(100)));
    tidy(() => void step(tensor([1])));
    expect(memory().liveBytes).toBe(before + 400);
    step.dispose();
    expect(memory().liveBytes).toBe(before);
  });
});

describe('bodies of loops', () => {
  const f = (x: Tensor): unknown =>
    scan((sum: Tensor, row: Tensor) => [sum.mul(0.5).add(row.mul(1)).maximum(arange(3).exp().neg()), sum.neg().neg()], x.at(0), x);
  it('are simplified, and what is the same at every turn is made before', async () => {
    const x = tensor(
      Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      { shape: [4, 3] },
    ); // prettier-ignore
    const step = capture(f);
    const flat = (result: unknown): Tensor[] => [result].flat(3) as Tensor[];
    const [captured, eager] = [flat(step(x)), flat(f(x))];
    for (const [i, expected] of eager.entries()) expect(await captured[i]!.data()).toEqual(await expected.data());
    const body = step.plans[0]!.steps.find(({ op }) => op === 'scan')!.body!;
    expect(body.steps.map(({ op }) => op)).toEqual(['mul', 'add', 'maximum', 'copy']);
  });
  it('are fused where there is a kernel for it', () => {
    setDefaultBackend(kernels);
    const step = capture(f);
    step(tensor(new Float32Array(12), { shape: [4, 3] }));
    const body = step.plans[0]!.steps.find(({ op }) => op === 'scan')!.body!;
    expect(body.steps.map(({ op }) => op)).toEqual(['fused', 'copy']);
  });
});
