import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { ArrayDataset, type Column } from '@tessera/data';
import { BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Sequential } from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { accuracy, confusionMatrix } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { memory, relu, setDefaultBackend, softmax } from '@tessera/tensor';
import { Philox } from '@tessera/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import type { Trainer } from './trainer.ts';
import { earlyStopping } from './early-stopping.ts';

beforeEach(() => setDefaultBackend(cpu()));

const backends = [
  ['cpu', cpu],
  ['wasm', wasm],
] as const;

/** Two classes of small images: bright on the left, bright on the right. */
function stripes(count: number, seed = 1): ArrayDataset<{ x: Column<Float32Array<ArrayBuffer>>; y: Column<Int32Array<ArrayBuffer>> }> {
  const random = Philox.fromSeed(seed);
  const x = new Float32Array(count * 36);
  const y = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    y[n] = random.below(2);
    for (let i = 0; i < 36; i++) x[n * 36 + i] = random.uniform() + (Number(i % 6 < 3) === y[n] ? 0.5 : 0);
  }
  return new ArrayDataset({ x: { data: x, shape: [count, 6, 6, 1] }, y: { data: y, shape: [count] } });
}

function network(eager = false, memoryLimit = Infinity): Trainer {
  const model = new Sequential(
    [
      new Conv2D(4, 3, { activation: relu }),
      new BatchNormalization(),
      new MaxPooling2D(2),
      new Flatten(),
      new Dropout(0.2),
      new Dense(2, { activation: softmax }),
    ],
    { inputShape: [6, 6, 1] },
  );
  return compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), metrics: [accuracy()], eager, memoryLimit });
}

describe('Trainer', () => {
  it('learns, evaluates and predicts', async () => {
    const trainer = network();
    const history = await trainer.fit(stripes(128), { epochs: 6, validationData: stripes(64, 2) });
    expect(history.ended).toBe('done');
    expect(history.epochs.at(-1)!['valAccuracy']).toBeGreaterThan(0.9);
    const data = stripes(64, 3);
    const { loss, accuracy: share } = await trainer.evaluate(data);
    expect(share).toBeGreaterThan(0.9);
    const measured = await trainer.measure(data, [confusionMatrix(2)]);
    expect(measured['loss']).toBe(loss);
    const matrix = measured['confusionMatrix'] as number[][];
    expect((matrix[0]![0]! + matrix[1]![1]!) / 64).toBeCloseTo(share!, 6);
    const { data: p, shape } = await trainer.predict(data.columns.x);
    expect(shape).toEqual([64, 2]);
    const byHand = -data.columns.y.data.reduce((sum, label, i) => sum + Math.log(p[i * 2 + label]!), 0) / 64;
    expect(byHand).toBeCloseTo(loss!, 5);
  });

  it.each(backends)('goes on from a saved state as if it had never stopped, bit for bit, on %s', async (_, make) => {
    setDefaultBackend(await make());
    const whole = network();
    await whole.fit(stripes(80), { epochs: 4, batchSize: 16 });
    const first = network();
    await first.fit(stripes(80), { epochs: 2, batchSize: 16 });
    const second = network();
    second.restore(await first.save());
    await second.fit(stripes(80), { epochs: 2, batchSize: 16 });
    expect(Buffer.from(await second.save()).equals(Buffer.from(await whole.save()))).toBe(true);
  });

  it.each(backends)('captured steps equal eager ones, bit for bit, on %s', async (_, make) => {
    setDefaultBackend(await make());
    const [a, b] = [network(), network(true)];
    for (const trainer of [a, b]) await trainer.fit(stripes(64), { epochs: 2, batchSize: 20 });
    expect(Buffer.from(await a.save()).equals(Buffer.from(await b.save()))).toBe(true);
  });

  it('keeps to a memory limit, or says what it needs', async () => {
    const [free, limited] = [network(), network(false, 50_000)];
    for (const trainer of [free, limited]) await trainer.fit(stripes(64), { batchSize: 32 });
    expect(Buffer.from(await limited.save()).equals(Buffer.from(await free.save()))).toBe(true);
    await expect(network(false, 1000).fit(stripes(64))).rejects.toThrow(/needs \d+ bytes, the limit is 1000/);
  });

  it('stops between steps and keeps what was learned', async () => {
    const trainer = network();
    const controller = new AbortController();
    const history = await trainer.fit(stripes(4000), {
      epochs: 50,
      signal: controller.signal,
      callbacks: [{ onStepEnd: () => controller.abort() }],
    });
    expect(history.ended).toBe('aborted');
    expect((await trainer.evaluate(stripes(64, 2)))['loss']).toBeGreaterThan(0);
  });

  it('ends as aborted while it validates or waits for a batch', async () => {
    const controller = new AbortController();
    const stopping = { ...stripes(32), length: 32, gather: () => (controller.abort(), new Promise<never>(() => {})) };
    const history = await network().fit(stripes(32), { epochs: 3, validationData: stopping, signal: controller.signal });
    expect([history.ended, history.epochs.length]).toEqual(['aborted', 1]);
    const waiting = await network().fit(stopping, { epochs: 3, signal: controller.signal });
    expect([waiting.ended, waiting.epochs.length]).toEqual(['aborted', 0]);
  });

  it('stops early', async () => {
    const history = await network().fit(stripes(32), {
      epochs: 50,
      validationData: stripes(32, 2),
      callbacks: [earlyStopping({ monitor: 'valLoss', patience: 1, minDelta: 10 })],
    });
    expect(history.ended).toBe('stopped');
    expect(history.epochs).toHaveLength(2);
  });

  it('keeps memory flat over the steps of an epoch', async () => {
    for (const eager of [false, true]) {
      const trainer = network(eager);
      await trainer.fit(stripes(64), { epochs: 1, batchSize: 8 });
      const before = memory();
      await trainer.fit(stripes(64), { epochs: 5, batchSize: 8 });
      expect(memory().liveBytes).toBe(before.liveBytes);
      expect(memory().liveBuffers).toBe(before.liveBuffers);
      trainer.dispose();
      trainer.model.dispose();
    }
  });

  it('rejects data that it cannot learn from', async () => {
    const bad = stripes(8);
    bad.columns.y.data[3] = 2;
    await expect(network().fit(bad)).rejects.toThrow('[validateLabels] y must be whole numbers from 0 to 1: got 2 for example 3');
    const { x, y } = stripes(8).columns;
    const unknown = new ArrayDataset({ x, y: { ...y, data: Float32Array.from(y.data).fill(NaN, 5, 6) } });
    await expect(network().fit(unknown)).rejects.toThrow(/y must be finite: got NaN in example 5/);
    const nan = stripes(8);
    nan.columns.x.data[40] = NaN;
    await expect(network().fit(nan)).rejects.toThrow('[validateFinite] x must be finite: got NaN in example 1');
    await expect(network().fit(stripes(0))).rejects.toThrow(/must have examples/);
  });
});
