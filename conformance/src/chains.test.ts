import { grad } from '@tessera/autograd';
import { type WasmOptions, wasm } from '@tessera/backend-wasm';
import { capture } from '@tessera/capture';
import { type FusedAttributes, type Plan, sizeOf } from '@tessera/core';
import { adam, adamw, applyUpdates, chain, clipByGlobalNorm, type Optimizer } from '@tessera/optim';
import { gelu, Random, setDefaultBackend, tensor, type Tensor, tidy, treeLeaves, VariableTree } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../packages/backend-wasm/src/fused-program.ts';

/** Steps of an optimizer, and the numbers that it has come to. */
function learner(optimizer: Optimizer): { step: (gradient: Tensor) => void; values: () => Promise<unknown> } {
  const parameters = new VariableTree<Tensor>('parameters', () => new Random(7).normal([70, 43]));
  const state = new VariableTree<unknown>('state', () => optimizer.init(parameters.read()));
  const step = (gradient: Tensor): void => {
    const { updates, state: next } = optimizer.update(gradient, state.read(), parameters.read());
    parameters.assign(applyUpdates(parameters.read(), updates));
    state.assign(next);
  };
  const values = (): Promise<unknown> =>
    Promise.all((treeLeaves([parameters.read(), state.read()]) as Tensor[]).map((leaf) => leaf.array()));
  return { step, values };
}

const builds: Readonly<Record<string, WasmOptions>> = {
  'plain SIMD': { deterministic: true },
  'plain SIMD and two threads': { deterministic: true, threads: 2, sharesFrom: 0 },
  'relaxed SIMD and two threads': { threads: 2, sharesFrom: 0 },
};
const optimizers: Readonly<Record<string, [optimizer: unknown, chains: readonly string[]]>> = {
  adam: [adam(), ['adam_chain']],
  'adam with decay': [adam({ weightDecay: 0.1, learningRate: 0.5 }), ['adam_chain']],
  'adam behind clipping': [chain(clipByGlobalNorm(1), adam()), ['adam_chain']],
  adamw: [adamw(), ['adamw_chain']],
  'adam with AMSGrad, which is no such chain': [adam({ amsgrad: true }), []],
};

/** The kernels by which the backend does several instructions of a plan's fused ops at once. */
const chainsIn = (plan: Plan): string[] =>
  plan.steps
    .filter(({ op }) => op === 'fused')
    .flatMap(({ attributes, inputs, outputs }) => programOf(inputs, sizeOf(outputs[0]!.view.shape), attributes as FusedAttributes).steps)
    .flatMap(({ isChain, kernel }) => (isChain ? [kernel] : []));

for (const [build, options] of Object.entries(builds)) {
  describe(`what is done in one loop is what is done op by op, with ${build}`, () => {
    for (const [name, [optimizer, chains]] of Object.entries(optimizers)) {
      it(name, async () => {
        const backend = await wasm(options);
        setDefaultBackend(backend);
        const [eager, captured] = [learner(optimizer as Optimizer), learner(optimizer as Optimizer)];
        const step = capture(captured.step);
        for (let i = 0; i < 3; i++) {
          const gradient = new Random(i).normal([70, 43]);
          tidy(() => eager.step(gradient));
          step(gradient);
        }
        expect(await captured.values()).toEqual(await eager.values());
        expect(chainsIn(step.plans[0]!)).toEqual(chains);
        backend.dispose();
      });
    }

    const gradients: Readonly<Record<string, [f: (x: Tensor) => Tensor, chain: string]>> = {
      relu: [(x) => x.relu(), 'reluGradient_chain'],
      geluTanh: [(x) => gelu(x, { approximate: 'tanh' }), 'geluTanhGradient_chain'],
    };
    for (const [name, [f, chain]] of Object.entries(gradients)) {
      it(`and so is the gradient of ${name}`, async () => {
        const backend = await wasm(options);
        setDefaultBackend(backend);
        const slope = (x: Tensor): Tensor => grad((given: Tensor) => f(given).square().sum())(x);
        const step = capture(slope);
        const special = [NaN, -0, Infinity, -Infinity, 30, -30, 1e-30];
        const x = tensor(Float32Array.from({ length: 3001 }, (_, i) => special[i % 16] ?? 4 * Math.sin(i)));
        expect(await step(x).data()).toEqual(await slope(x).data());
        expect(chainsIn(step.plans[0]!)).toEqual([chain]);
        backend.dispose();
      });
    }
  });
}
