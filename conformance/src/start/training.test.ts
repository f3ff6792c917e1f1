import { checkpoint } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { readSafetensors } from '@tessera/formats';
import type { CallContext } from '@tessera/layers';
import { setDefaultBackend } from '@tessera/tensor';
import { type FitOptions, type History, Learner, type Outcome, type Phase, Trainer } from '@tessera/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { everyMaker } from '../every-backend.ts';
import { moduleAt, type Program, programs } from './programs.ts';

const makers = process.env['TESSERA_WEBGPU'] ? everyMaker : { cpu, wasm: () => wasm({ deterministic: true }) };

/** What a run has come to. */
interface Run {
  readonly history: History;
  readonly state: Uint8Array;
}

/** Trains, perhaps from a saved state, and gives the memory back. */
async function run({ data }: Program, trainer: Trainer, options: FitOptions, from?: Run): Promise<Run> {
  if (from) trainer.restore(from.state);
  const history = await trainer.fit(data, { batchSize: 8, ...options });
  const state = await trainer.save();
  trainer.dispose();
  for (const model of Object.values(trainer.learner.models)) model.dispose();
  return { history, state };
}

/** Goes on from a saved state to a step in the middle of an epoch. */
async function interrupted(program: Program, epochs: number, from: Run): Promise<Run> {
  const controller = new AbortController();
  const callbacks = [{ onStepEnd: () => controller.abort() }];
  return run(program, program.make(), { epochs, signal: controller.signal, callbacks }, from);
}

/** A trainer that computes the intermediates of a layer again. */
function sparingLayer({ make, inside }: Program): Trainer {
  const trainer = make();
  const layer = moduleAt(trainer, inside);
  layer.apply = checkpoint(layer.apply.bind(layer));
  return trainer;
}

/** A trainer that computes the intermediates of whole objectives again. */
function sparingObjectives({ make }: Program): Trainer {
  const { models, phases, metrics, seed } = make().learner;
  const sparing = phases.map((phase): Phase<never> => {
    const objective = (batch: never, context: CallContext): Outcome => checkpoint((given: never) => phase.objective(given, context))(batch);
    return { ...phase, objective };
  });
  return new Trainer(new Learner<never>({ models, phases: sparing, metrics, seed }));
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(Buffer.from(b));

/** The names of the tensors of two states that differ. */
function differences(a: Run, b: Run): string[] {
  const [one, other] = [readSafetensors(a.state).tensors, readSafetensors(b.state).tensors];
  return [...new Set([...one.keys(), ...other.keys()])].filter((name) => {
    const [x, y] = [one.get(name), other.get(name)];
    return !x || !y || !sameBytes(x.data, y.data);
  });
}

describe.each(Object.entries(makers))('on %s', (_, makeBackend) => {
  beforeAll(async () => void setDefaultBackend(await makeBackend()));

  describe.each(programs.map((program) => [program.name, program] as const))('%s', (_, program) => {
    let half: Run;
    let whole: Run;
    beforeAll(async () => {
      half = await run(program, program.make(), { epochs: 2 });
      whole = await run(program, program.make(), { epochs: 6 });
    }, 60_000);

    it('learns', () => {
      const [first, ...others] = whole.history.epochs.map((logs) => logs[program.falls]!);
      expect(others.at(-1)).toBeLessThan(0.95 * first!);
    });

    it('is captured as it is eager, bit for bit', async () => {
      const eager = await run(program, program.make({ eager: true }), { epochs: 2 });
      expect(differences(eager, half)).toEqual([]);
      expect(sameBytes(eager.state, half.state)).toBe(true);
    });

    it('has the same numbers where a layer is under a checkpoint', async () => {
      expect(differences(await run(program, sparingLayer(program), { epochs: 2 }), half)).toEqual([]);
    });

    it('has the same numbers where the objectives are under a checkpoint', async () => {
      expect(differences(await run(program, sparingObjectives(program), { epochs: 2 }), half)).toEqual([]);
    });

    it('goes on from a saved state as if it had never stopped, bit for bit', async () => {
      const resumed = await run(program, program.make(), { epochs: 4 }, half);
      expect(differences(resumed, whole)).toEqual([]);
      expect(sameBytes(resumed.state, whole.state)).toBe(true);
    });

    it('goes on from the middle of an epoch, bit for bit', async () => {
      const part = await interrupted(program, 4, half);
      expect([part.history.ended, part.history.epochs.length]).toEqual(['aborted', 0]);
      const resumed = await run(program, program.make(), { epochs: 4 }, part);
      expect(resumed.history.epochs).toEqual(whole.history.epochs.slice(2));
      expect(differences(resumed, whole)).toEqual([]);
      expect(sameBytes(resumed.state, whole.state)).toBe(true);
    });
  });
});
