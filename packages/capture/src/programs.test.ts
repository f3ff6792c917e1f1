import { fc, test } from '@fast-check/vitest';
import { valueAndGrad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type Backend, isContiguous, primitives } from '@tessera/core';
import {
  concat,
  full,
  gelu,
  layerNormalization,
  logicalNot,
  relu,
  setDefaultBackend,
  sigmoid,
  softmax,
  tanh,
  tensor,
  type Tensor,
  tidy,
  Variable,
  where,
} from '@tessera/tensor';
import { beforeEach, describe, expect } from 'vitest';
import { capture } from './capture.ts';

const N = 4;
/** Ops on `[N, N]` that give `[N, N]`, of every kind that passes look at. */
const ops: readonly ((a: Tensor, b: Tensor, row: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.mul(b),
  (a, b) => where(a.less(b), a, b),
  (a, b) => where(logicalNot(a.less(0)), b, 0.5),
  (a) => a.neg(),
  (a) => tanh(a),
  (a) => relu(a),
  (a) => sigmoid(a),
  (a) => gelu(a),
  (a) => softmax(a),
  (a, _, row) => layerNormalization(a, { gamma: row, beta: row }),
  (a) => a.transpose(),
  (a) => a.flip(),
  (a) => a.reshape([2, 2, N]).transpose([1, 0, 2]).reshape([N, N]),
  (a) => a.mul(1).neg().neg(),
  (a) => a.transpose().transpose(),
  (a, b) => concat([a.at([0, 2]), b.at([1, 3])]),
  (a, b) => concat([a.exp().sum({ axis: 0, keepDims: true }), b.at([0, 3]).neg()]),
  (a, b) => concat([a.at(':', [0, 1]), b.at(':', [0, 3])], 1),
  (a) => a.sum({ axis: 1, keepDims: true }).broadcastTo([N, N]),
  (a) => a.max(0).broadcastTo([N, N]),
  (a, b) => a.sub(b.mean({ axis: 1, keepDims: true })),
  (a, b) => a.matmul(b).mul(0.1),
  (a, b, row) => relu(a.matmul(b.transpose()).mul(1).add(row)),
  (a, b, row) => a.matmul(b).add(row).add(a),
  (a) => a.mul(3).astype('int32').add(0).astype('float32').mul(0.3),
  (a) => a.add(full([N, N], 0.25).cumsum(1)),
  (a) => a.cumsum(0).mul(0.5),
];
const programs = fc.array(fc.tuple(fc.nat(ops.length - 1), fc.nat(99), fc.nat(99)), { minLength: 1, maxLength: 30 });
type Program = readonly (readonly [number, number, number])[];

function perform(program: Program, [x, y, row]: readonly [Tensor, Tensor, Tensor]): Tensor[] {
  const values = [x, y];
  for (const [op, p, q] of program)
    values.push(ops[op]!(values.at(-1 - (p % Math.min(values.length, 6)))!, values[q % values.length]!, row));
  return [values.at(-1)!, values[values.length >> 1]!, values.at(-1)!.transpose(), values.at(-2)!.sum()];
}
/** The backend with the rule of WebGPU, kept by those who call it. */
function withSeparateBuffers(backend: Backend): Backend {
  const execute: Backend['execute'] = (op, inputs, attributes, outputs) => {
    const used = new Set<unknown>();
    const isElementwise = op === 'fused' || (primitives as Record<string, { elementwise?: true }>)[op]?.elementwise === true;
    for (const { buffer, view } of outputs) {
      const same = inputs.filter((input) => input.buffer === buffer);
      expect(same.every((input) => isElementwise && input.view.offset === view.offset && isContiguous(input.view))).toBe(true);
      expect(used.has(buffer)).toBe(false);
      used.add(buffer);
    }
    backend.execute(op, inputs, attributes, outputs);
  };
  return { ...backend, separateBuffers: true, execute };
}

const backends: readonly [string, Backend][] = [
  ['cpu', cpu()],
  ['cpu where no step may read what it writes', withSeparateBuffers(cpu())],
  ['wasm', await wasm({ deterministic: true })],
];

describe.each(backends)('captured programs give the same bits as eager ones on %s', (_, backend) => {
  beforeEach(() => setDefaultBackend(backend));
  const filled = (shape: readonly number[], seed: number): Tensor =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (__, i) => Math.sin(i * 1.7 + seed)),
      { shape, backend },
    );
  const given = [filled([N, N], 1), filled([N, N], 2), filled([N], 3)] as const;
  const flat = (result: unknown): Tensor[] => [result].flat(9) as Tensor[];
  const compare = async (f: (...inputs: Tensor[]) => unknown): Promise<void> => {
    const eager = flat(tidy(() => f(...given)));
    const free = capture(f);
    const expectSame = async (captured: readonly Tensor[]): Promise<void> => {
      for (const [i, y] of eager.entries()) expect(await captured[i]!.data()).toEqual(await y.data());
    };
    await expectSame(flat(free(...given)));
    // Under a limit that can be kept, or else nothing is computed.
    const limited = capture(f, { memoryLimit: free.plans[0]!.peakBytes * 0.8 });
    let captured: Tensor[] | undefined;
    try {
      captured = flat(limited(...given));
    } catch (error) {
      expect(String(error)).toMatch(/must fit the memory limit/);
    }
    if (captured) await expectSame(captured);
    for (const step of [free, limited]) step.dispose();
  };

  test.prop([programs])('values', (program) => compare((x, y, row) => perform(program, [x!, y!, row!])));
  // A variable that is assigned a view of another value.
  const transposed: Program = [
    [19, 9, 0],
    [0, 0, 0],
    [11, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  test.prop([programs], { numRuns: 50, examples: [[transposed as [number, number, number][]]] })('state', async (program) => {
    const states = [0, 1].map(() => given.map((value) => new Variable(value)));
    const stepOf =
      ([x, y, row]: readonly Variable[]) =>
      (): void => {
        const [last, middle] = perform(program, [x!.read(), y!.read(), row!.read()]);
        x!.assign(middle!);
        y!.assign(last!);
      };
    const [eager, captured] = [stepOf(states[0]!), capture(stepOf(states[1]!))];
    for (let i = 0; i < 3; i++) {
      tidy(eager);
      captured();
    }
    const values = await Promise.all(states.map((state) => Promise.all(state.map((variable) => variable.read().data()))));
    expect(values[1]).toEqual(values[0]);
    captured.dispose();
    for (const variable of states.flat()) variable.dispose();
  });
  test.prop([programs], { numRuns: 50 })('gradients', (program) =>
    compare((x, y, row) => valueAndGrad((inputs: [Tensor, Tensor, Tensor]) => perform(program, inputs)[0]!.sum())([x!, y!, row!])),
  );
});
