import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type Backend, DeviceLostError, StateError } from '@tessera/core';
import { ArrayDataset, type Column } from '@tessera/data';
import { BatchNormalization, Dense, Dropout, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { meanAbsoluteError } from '@tessera/metrics';
import { adam, sgd } from '@tessera/optim';
import { defaultBackend, setDefaultBackend, tanh } from '@tessera/tensor';
import { losable, type LosableBackend } from '@tessera/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { backupAndRestore, type Restored } from './backup-and-restore.ts';
import type { Callback, History } from './callback.ts';
import { type CompileOptions } from './options.ts';
import { compile } from './compile.ts';
import type { Trainer } from './trainer.ts';

beforeEach(() => void setDefaultBackend(losable(cpu())));

type Numbers = Column<Float32Array<ArrayBuffer>>;
/** y = 2x₀ − x₁ */
const examples = (): ArrayDataset<{ x: Numbers; y: Numbers }> => {
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 3));
  const y = Float32Array.from({ length: 32 }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]!);
  return new ArrayDataset({ x: { data: x, shape: [32, 2] }, y: { data: y, shape: [32, 1] } });
};
const trainerOf = (options: Partial<CompileOptions> = {}): Trainer =>
  compile(
    new Sequential([new Dense(4, { activation: tanh }), new BatchNormalization(), new Dropout(0.2), new Dense(1)], { inputShape: [2] }),
    {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.05 }),
      metrics: [meanAbsoluteError()],
      seed: 3,
      ...options,
    },
  );
const lose = (): void => (defaultBackend() as LosableBackend).lose();
const again = (): Backend => losable(cpu());

/** Loses the device when so many epochs are done, each once. */
function losing(...epochs: readonly number[]): Callback {
  const left = [...epochs];
  return {
    onEpochEnd(_, __, { epoch }) {
      if (epoch !== left[0]) return;
      left.shift();
      lose();
    },
  };
}
const bytesOf = async (trainer: Trainer): Promise<Buffer> => Buffer.from(await trainer.save());

describe('backupAndRestore', () => {
  /** A run without losses, on a backend of its own. */
  const whole = async (options?: Partial<CompileOptions>): Promise<{ history: History; state: Buffer }> => {
    const trainer = trainerOf(options);
    const history = await trainer.fit(examples(), { epochs: 6, batchSize: 8, validationData: examples() });
    const state = await bytesOf(trainer);
    setDefaultBackend(again());
    return { history, state };
  };

  for (const [name, options] of [
    ['captured', {}],
    ['op by op', { eager: true }],
    ['with accumulated gradients', { gradientAccumulationSteps: 3 }],
  ] as const) {
    it(`ends with the same numbers whether devices are lost or not, ${name}`, async () => {
      const { history, state } = await whole(options);
      const lossy = trainerOf(options);
      const restored: Restored[] = [];
      const callbacks = [losing(2, 4), backupAndRestore({ backends: [again], onRestore: (told) => restored.push(told) })];
      const broken = await lossy.fit(examples(), { epochs: 6, batchSize: 8, validationData: examples(), callbacks });
      // What came after the last kept state was learned again, and stands in the history once.
      expect(restored.map(({ epoch }) => epoch)).toEqual([1, 3]);
      expect(restored[0]!.error.message).toMatch(/^\[cpu\] the device was lost/);
      expect(restored[1]!.backend).toBe(defaultBackend());
      expect(broken).toEqual(history);
      expect((await bytesOf(lossy)).equals(state)).toBe(true);
    });
  }

  it('goes on within an epoch from the last state that was kept', async () => {
    const { state } = await whole();
    const lossy = trainerOf();
    let batches = 0;
    const restored: number[] = [];
    const data = examples();
    const gather = (indices: readonly number[]) => {
      // Batches come slowly enough that a state is kept after each; they are asked for ahead of time.
      if (++batches === 8) lose();
      return new Promise<void>((resolve) => setTimeout(resolve, 60)).then(() => data.gather(indices));
    };
    await lossy.fit({ length: data.length, gather } as never, {
      epochs: 6,
      batchSize: 8,
      callbacks: [backupAndRestore({ backends: [again], saveEvery: 0, onRestore: ({ epoch }) => restored.push(epoch) })],
    });
    expect(restored).toHaveLength(1);
    expect([1.25, 1.5, 1.75]).toContain(restored[0]);
    expect((await bytesOf(lossy)).equals(state)).toBe(true);
  });

  it('goes on with another backend', async () => {
    const trainer = trainerOf();
    const first = defaultBackend();
    await trainer.fit(examples(), { epochs: 8, callbacks: [backupAndRestore({ backends: [wasm] }), losing(3)] });
    expect(defaultBackend().name).toBe('wasm');
    for (const variable of Object.values(trainer.model.variables())) expect(variable.peek().backend).toBe(defaultBackend());
    expect(() => first.allocate(4)).toThrow();
    expect((await trainer.evaluate(examples()))['loss']).toBeGreaterThan(0);
  });

  it('rejects with the loss where nothing is to go on, or nothing works', async () => {
    await expect(trainerOf().fit(examples(), { epochs: 2, callbacks: [losing(1)] })).rejects.toThrow(DeviceLostError);
    setDefaultBackend(again());
    const broken = (): Backend => {
      throw new Error('there is no adapter');
    };
    const fit = trainerOf().fit(examples(), { epochs: 2, callbacks: [backupAndRestore({ backends: [broken] }), losing(1)] });
    await expect(fit).rejects.toThrow(
      '[cpu] the device was lost, with all that was on it. Make another backend. Nothing else works: there is no adapter',
    );
    expect(DeviceLostError.is(await fit.catch((error: unknown) => error))).toBe(true);
  });

  it('passes a backend over on which nothing could be learned, and gives up when none is left', async () => {
    const made: string[] = [];
    const doomed = (): Backend => {
      made.push('doomed');
      const backend = losable(cpu());
      const execute: Backend['execute'] = (...call) => {
        // Restoring is enqueued, the first steps too.
        if (backend.memory().liveBuffers > 0 && call[0] === 'matmul') backend.lose();
        backend.execute(...call);
      };
      return { ...backend, execute };
    };
    const sound = (): Backend => (made.push('sound'), cpu());
    const history = await trainerOf().fit(examples(), {
      epochs: 3,
      callbacks: [backupAndRestore({ backends: [doomed, sound] }), losing(1)],
    });
    expect([history.ended, history.epochs.length, made]).toEqual(['done', 3, ['doomed', 'sound']]);
    made.length = 0;
    setDefaultBackend(again());
    const fit = trainerOf().fit(examples(), { epochs: 3, callbacks: [backupAndRestore({ backends: [doomed, doomed] }), losing(1)] });
    await expect(fit).rejects.toThrow(DeviceLostError);
    expect(made).toEqual(['doomed', 'doomed']);
  });

  it('begins again where the device is lost at the beginning, and leaves other errors alone', async () => {
    let begun = 0;
    const measuring: Callback = {
      async onTrainBegin(trainer) {
        if (++begun === 1) lose();
        await trainer.evaluate(examples());
      },
    };
    const history = await trainerOf().fit(examples(), { callbacks: [backupAndRestore({ backends: [again] }), measuring] });
    expect([history.ended, begun]).toEqual(['done', 2]);
    const failing: Callback = {
      onEpochEnd() {
        throw new StateError('of its own');
      },
    };
    await expect(trainerOf().fit(examples(), { callbacks: [backupAndRestore({ backends: [again] }), failing] })).rejects.toThrow(
      'of its own',
    );
  });
});

describe('restore', () => {
  it('takes a state to another backend', async () => {
    const trainer = trainerOf();
    await trainer.fit(examples(), { epochs: 2 });
    const state = await trainer.save();
    const expected = await trainer.evaluate(examples());
    lose();
    const backend = again();
    trainer.restore(state, { backend });
    expect(defaultBackend()).toBe(backend);
    expect(Buffer.from(await trainer.save()).equals(Buffer.from(state))).toBe(true);
    expect(await trainer.evaluate(examples())).toEqual(expected);
  });

  it('changes nothing where the state does not fit', async () => {
    const other = trainerOf({ optimizer: sgd({ momentum: 0.5 }) });
    await other.fit(examples());
    const trainer = trainerOf();
    await trainer.fit(examples());
    const [state, backend] = [await trainer.save(), defaultBackend()];
    const strange = await other.save();
    expect(() => trainer.restore(strange, { backend: again() })).toThrow(StateError);
    expect(defaultBackend()).toBe(backend);
    expect(Buffer.from(await trainer.save()).equals(Buffer.from(state))).toBe(true);
  });
});
