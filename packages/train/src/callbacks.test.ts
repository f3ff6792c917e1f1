import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { cpu } from '@tessera/backend-cpu';
import { type Plan, type PlanRunner, preparePlan } from '@tessera/core';
import { ArrayDataset, type Column } from '@tessera/data';
import { Dense, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { meanAbsoluteError } from '@tessera/metrics';
import { sgd } from '@tessera/optim';
import { setDefaultBackend } from '@tessera/tensor';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Callback, Logs } from './callback.ts';
import { checkpoint, resume } from './checkpoint.ts';
import { earlyStopping } from './early-stopping.ts';
import { progress } from './progress.ts';
import { compile } from './compile.ts';
import type { Trainer } from './trainer.ts';

beforeEach(() => void setDefaultBackend(cpu()));

type Data = ArrayDataset<{ x: Column<Float32Array<ArrayBuffer>>; y: Column<Float32Array<ArrayBuffer>> }>;
/** y = 2x₀ − x₁ */
const data = (): Data => {
  const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * 3));
  const y = Float32Array.from({ length: 16 }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]!);
  return new ArrayDataset({ x: { data: x, shape: [16, 2] }, y: { data: y, shape: [16, 1] } });
};
const trainer = (learningRate = 0.1): Trainer =>
  compile(new Sequential([new Dense(1)], { inputShape: [2] }), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate }),
    metrics: [meanAbsoluteError()],
  });
const weights = async ({ model }: Trainer): Promise<unknown> => model.variables()['dense.kernel']!.peek().array();

/** Logs that a run is to have, in place of those measured. */
function scripted(callback: Callback, values: readonly number[], name = 'valLoss'): Callback {
  return {
    ...callback,
    onEpochEnd: (place, logs, own) => callback.onEpochEnd!(place, { ...logs, [name]: values[place.epoch]! } as Logs, own),
  };
}

describe('earlyStopping', () => {
  const cases: [name: string, options: Parameters<typeof earlyStopping>[0], values: number[], epochs: number][] = [
    ['at the first epoch that is no better', {}, [3, 2, 2.5, 1], 3],
    ['after as many epochs as its patience', { patience: 2 }, [3, 2, 2.5, 2.1, 1], 4],
    ['counting anew after a better one', { patience: 2 }, [3, 4, 2, 4, 4, 1], 5],
    ['not counting less than minDelta', { minDelta: 0.5 }, [3, 2.8, 1], 2],
    ['where more is better', { monitor: 'valAccuracy' }, [0.5, 0.6, 0.55], 3],
    ['as told which is better', { monitor: 'valScore', mode: 'min' }, [0.5, 0.4, 0.45], 3],
    ['at NaN', {}, [3, NaN, 1], 2],
    ['not while it gets better', {}, [3, 2, 1, 0], 4],
  ];
  for (const [name, options, values, epochs] of cases) {
    it(`stops ${name}`, async () => {
      const callback = scripted(earlyStopping(options), values, options?.monitor);
      const history = await trainer().fit(data(), { epochs: values.length, callbacks: [callback] });
      expect(history.epochs).toHaveLength(epochs);
    });
  }
  it('puts the best epoch back', async () => {
    const stopped = trainer();
    await stopped.fit(data(), { epochs: 4, callbacks: [scripted(earlyStopping({ restoreBest: true, patience: 2 }), [3, 1, 2, 2])] });
    const best = trainer();
    await best.fit(data(), { epochs: 2 });
    expect(await weights(stopped)).toEqual(await weights(best));
  });
  it('says which logs there are', async () => {
    const run = trainer().fit(data(), { callbacks: [earlyStopping()] });
    await expect(run).rejects.toThrow('[earlyStopping] monitor must be one of loss, meanAbsoluteError: got valLoss');
  });
});

describe('checkpoint', () => {
  let folder = '';
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tessera-'))));
  afterAll(async () => rm(folder, { recursive: true }));

  it('saves every n-th epoch, to go on from', async () => {
    const path = join(folder, 'state.safetensors');
    const first = trainer();
    await first.fit(data(), { epochs: 3, callbacks: [checkpoint(path, { every: 2 })] });
    const second = trainer();
    await resume(second, path);
    expect(second.epoch).toBe(2);
    await second.fit(data(), { epochs: 3 });
    expect(await weights(second)).toEqual(await weights(first));
    expect(await readdir(folder)).toEqual(['state.safetensors']);
  });

  it('says so when it cannot write', async () => {
    const path = join(folder, 'gone', 'state.safetensors');
    await expect(trainer().fit(data(), { callbacks: [checkpoint(path)] })).rejects.toThrow(
      /could not be written.*What was there before is untouched/,
    );
  });

  it('refuses a file that is not a state, and one of another model, and changes nothing', async () => {
    const own = trainer();
    await own.fit(data());
    const before = await weights(own);
    const path = join(folder, 'other');
    await writeFile(path, 'not a state');
    await expect(resume(own, path)).rejects.toThrow(/safetensors/);
    const other = compile(new Sequential([new Dense(2)], { inputShape: [2] }), {
      loss: meanSquaredError(),
      optimizer: sgd({ momentum: 0.5 }),
    });
    await other.fit(new ArrayDataset({ ...data().columns, y: data().columns.x }), {});
    await writeFile(path, await other.save());
    await expect(resume(own, path)).rejects.toThrow(/state must be of a trainer like this one|weights must be those of the model/);
    expect(await weights(own)).toEqual(before);
  });
});

it('progress writes a line for each epoch where there is no terminal', async () => {
  let text = '';
  const stream = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) });
  await trainer().fit(data(), { epochs: 2, validationData: data(), callbacks: [progress({ stream: stream as NodeJS.WriteStream })] });
  const line =
    /^Epoch 2\/2 {2}loss \d\.\d{4} {2}meanAbsoluteError \d\.\d{4} {2}valLoss \d\.\d{4} {2}valMeanAbsoluteError \d\.\d{4} {2}\d+ examples\/s$/;
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(line);
});

it('tells how much is compiled, once for each shape of batch, before the step first runs', async () => {
  const backend = cpu();
  const compiled: string[] = [];
  const prepare = (plan: Plan): PlanRunner => {
    const { prepare: _, ...plain } = backend;
    const runner = preparePlan(plain, plan);
    let done = false;
    // Made once, as pipelines are: then there is nothing to tell any more.
    const compile = async (tell?: (done: number, all: number) => void): Promise<void> => {
      if (!done) tell?.(1, 2);
      done = true;
    };
    return { ...runner, run: runner.run.bind(runner), dispose: runner.dispose.bind(runner), compile };
  };
  setDefaultBackend({ ...backend, prepare });
  const callback: Callback = {
    onWarmUp: (done, all) => void compiled.push(`${done}/${all}`),
    onEpochEnd: () => void compiled.push('epoch'),
  };
  // Batches of 6, 6 and 4.
  await trainer().fit(data(), { epochs: 2, batchSize: 6, callbacks: [callback] });
  expect(compiled).toEqual(['1/2', '1/2', 'epoch', 'epoch']);
});
