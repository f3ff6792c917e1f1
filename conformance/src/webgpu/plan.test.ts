import { valueAndGrad } from '@tessera/autograd';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { capture, type Captured } from '@tessera/capture';
import { crossEntropy } from '@tessera/losses';
import { adam, applyUpdates } from '@tessera/optim';
import { conv, maxPool, Random, setDefaultBackend, tensor, type Tensor, tidy, Variable, VariableTree } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

const BATCH = 4;
const shapes = [[3, 3, 3, 32], [32], [7200, 64], [64], [64, 10], [10]];

/** The training step of the examples' network with Adam: convolution, pooling, two dense layers, cross entropy. */
function trainingStep(): Captured<[Tensor, Tensor], Tensor> {
  const random = new Random(1);
  const variables = shapes.map((shape, i) => new Variable(random.split(i).uniform(shape, { min: -0.05, max: 0.05 })));
  const values = (): Tensor[] => variables.map((variable) => variable.read());
  const optimizer = adam();
  const state = new VariableTree('optimizer', () => optimizer.init(values()));
  const loss = crossEntropy({ fromLogits: true });
  return capture((x: Tensor, y: Tensor) =>
    tidy(() => {
      const [value, gradients] = valueAndGrad(([k, b, w1, b1, w2, b2]: Tensor[]) => {
        const h = maxPool(conv(x, k!).add(b!).relu(), 2).reshape([BATCH, 7200]);
        return loss(h.matmul(w1!).add(b1!).relu().matmul(w2!).add(b2!), y);
      })(variables);
      const { updates, state: next } = optimizer.update(gradients as Tensor[], state.read(), values());
      (applyUpdates(values(), updates) as Tensor[]).forEach((moved, i) => variables[i]!.assign(moved));
      state.assign(next);
      return value;
    }),
  );
}

describe.skipIf(!process.env['TESSERA_WEBGPU'])('a captured training step on WebGPU', () => {
  let backend: WebGpuBackend;
  let step: ReturnType<typeof trainingStep>;
  let x: Tensor;
  let y: Tensor;
  beforeAll(async () => {
    backend = await webgpu();
    setDefaultBackend(backend);
    x = new Random(2).normal([BATCH, 32, 32, 3]);
    y = tensor(Int32Array.of(1, 2, 3, 4));
    step = trainingStep();
    step(x, y).dispose();
    step(x, y).dispose();
  });

  it('is one submit of few dispatches, and moves nothing between host and device', async () => {
    await x.data();
    const before = { ...backend.counters };
    for (let i = 0; i < 10; i++) step(x, y).dispose();
    const { dispatches, submits, transferredBytes, pipelines } = backend.counters;
    expect(submits - before.submits).toBe(10);
    expect(transferredBytes - before.transferredBytes).toBe(0);
    expect(pipelines - before.pipelines).toBe(0);
    expect((dispatches - before.dispatches) / 10).toBeLessThanOrEqual(50);
  });

  it('says beforehand what it will do', () => {
    const plan = step.plans[0]!;
    const prepared = backend.prepare(plan);
    const { facts } = prepared;
    prepared.dispose();
    expect(facts.submits).toBe(1);
    expect(facts.dispatches).toBeLessThanOrEqual(50);
    // Slots, and partial sums beside them.
    expect(facts.memoryBytes).toBeGreaterThanOrEqual(plan.peakBytes / 2);
    expect(facts.memoryBytes).toBeLessThanOrEqual(plan.peakBytes * 1.5 + 2 ** 20);
    // Of each weight: read forward and backward, its gradient written, and seven numbers for the update; of activations sixteen.
    expect(facts.movedBytes).toBeLessThanOrEqual(10 * 4 * 461_000 + 16 * 4 * BATCH * 30 * 30 * 32);
  });

  it('replaces parameters and means where they lie', () => {
    const { inputs, outputs, buffers } = step.plans[0]!;
    const replaced = outputs.filter(({ buffer }) => inputs.some((input) => input.buffer === buffer));
    const bytes = replaced.reduce((sum, { buffer }) => sum + buffers[buffer]!.byteLength, 0);
    expect(bytes).toBeGreaterThanOrEqual(3 * 4 * 461_000);
  });

  it('takes no more memory after 200 steps than after ten', async () => {
    for (let i = 0; i < 10; i++) step(x, y).dispose();
    const before = backend.memory();
    for (let i = 0; i < 200; i++) step(x, y).dispose();
    const value = step(x, y);
    expect(Number.isFinite(await value.item())).toBe(true);
    value.dispose();
    expect(backend.memory().liveBytes).toBeLessThanOrEqual(before.liveBytes);
    expect(backend.memory().reservedBytes).toBeLessThanOrEqual(before.reservedBytes);
  });

  it('compiles all pipelines at once, and tells how far it is', async () => {
    const fresh = await webgpu();
    const prepared = fresh.prepare(step.plans[0]!);
    const told: [number, number][] = [];
    await prepared.compile((done, all) => told.push([done, all]));
    expect(told.at(-1)).toEqual([prepared.facts.pipelines, prepared.facts.pipelines]);
    expect(told.map(([done]) => done)).toEqual(told.map((_, i) => i + 1));
    fresh.dispose();
  });

  it('warms up without running: no pipeline is left to be made for the first call', async () => {
    const fresh = await webgpu();
    setDefaultBackend(fresh);
    const own = trainingStep();
    const arguments_: [Tensor, Tensor] = [new Random(2).normal([BATCH, 32, 32, 3]), tensor(Int32Array.of(1, 2, 3, 4))];
    let told = 0;
    const warm = own.warmUp(arguments_, { onProgress: () => told++ });
    const { pipelines } = fresh.counters;
    await Promise.all([warm, own.warmUp(arguments_)]);
    expect(told).toBeGreaterThan(10);
    // Each is made once, though two asked for it.
    expect(fresh.counters.pipelines).toBe(pipelines);
    const loss = await own(...arguments_).item();
    // But for what copies variables at first that others hold as well, or that are not in row-major order.
    expect(fresh.counters.pipelines - pipelines).toBeLessThanOrEqual(3);
    setDefaultBackend(backend);
    expect(loss).toBeCloseTo(await trainingStep()(x, y).item(), 6);
    fresh.dispose();
  });
});
