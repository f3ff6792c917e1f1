import { StateError } from '@tessera/core';
import type { RawTensor } from '@tessera/formats';
import { type AnyModule, fromRawTensor, rawTensor, setWeights, weightsOf } from '@tessera/layers';
import { type Tensor, tidy, type VariableTree } from '@tessera/tensor';
import { nameState } from './flat-state.ts';
import type { Measurement } from './measurement.ts';
import type { PhaseRun } from './phase-run.ts';
import { isRate } from './trainable.ts';

type Models = Readonly<Record<string, AnyModule>>;
type Tensors = ReadonlyMap<string, RawTensor>;

/** What a learner's state is of, beside its tensors: which parameters trained, those that began together side by side. */
export interface LearnerLayout {
  readonly phases: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** What a learner keeps on the device. */
export interface Running<B> {
  readonly phases: readonly PhaseRun<B>[];
  readonly counter: VariableTree<Tensor>;
  readonly measurement: Measurement;
  /** Of what trains, when parameters were laid out. */
  version: number;
}

/** What goes on from step to step beside weights and measurements, by name. */
function statesOf<B>({ phases, counter }: Running<B>): Map<string, Tensor> {
  const states = phases.flatMap(({ states, trainable }) =>
    states.flatMap((state) =>
      [...nameState(state.read(), trainable.flat).leaves].map(([name, leaf]) => [`state.${state.name}.${name}`, leaf] as const),
    ),
  );
  return new Map<string, Tensor>([...states, ['state.counter', counter.read()]]);
}

/** The values of models, and of what goes on from step to step, by name. */
export async function saveState<B>(models: Models, running: Running<B>): Promise<Map<string, RawTensor>> {
  const parts = tidy(() => [...statesOf(running), ...running.measurement.leaves()]);
  try {
    // Waited for together, so that none rejects unseen where the device is lost.
    const [weights, state] = await Promise.all([
      Promise.all(Object.entries(models).map(async ([name, model]) => [name, await weightsOf(model)] as const)),
      Promise.all(parts.map(async ([name, leaf]) => [name, await rawTensor(leaf)] as const)),
    ]);
    const values = weights.flatMap(([name, own]) => [...own].map(([path, raw]) => [`models.${name}.${path}`, raw] as const));
    return new Map([...values, ...state, ...(await running.measurement.host.save())]);
  } finally {
    for (const [, leaf] of parts) leaf.dispose();
  }
}

/** The values of a model's variables among those of a state. */
export function weightsIn(tensors: Tensors, model: string): Map<string, RawTensor> {
  const prefix = `models.${model}.`;
  return new Map([...tensors].flatMap(([name, raw]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), raw]] : [])));
}

/** @throws StateError if other parameters of a phase train now than did when a state was saved. */
export function expectSameParameters(phase: string, now: readonly string[], { phases }: LearnerLayout): void {
  const saved = (phases[phase] ?? []).flat();
  const differs = [...saved.filter((path) => !now.includes(path)), ...now.filter((path) => !saved.includes(path))];
  if (differs.length === 0) return;
  throw new StateError(
    `[restore] what trains in ${phase} must be what trained when the state was saved: it differs in ${differs.slice(0, 5).join(', ')}. Set trainable of these modules as it was then.`,
  );
}

/** @throws StateError if saved values do not fit what goes on from step to step. Nothing is read from the device. */
export function checkState<B>(running: Running<B>, tensors: Tensors): void {
  const expected = tidy(() => new Map([...statesOf(running)].map(([name, { shape }]) => [name, shape.join()])));
  const misfit =
    [...expected].find(([name, shape]) => tensors.get(name)?.shape.join() !== shape)?.[0] ??
    [...tensors.keys()].find((name) => name.startsWith('state.') && !expected.has(name));
  if (misfit === undefined) return;
  throw new StateError(
    `[restore] the state must be of a learner like this one, with optimizers of the same kind: it differs in ${misfit.slice('state.'.length)}. Take up the model's weights alone with loadWeights.`,
  );
}

/** The learning rates in the saved state of a phase. */
function ratesOf(phase: string, tensors: Tensors): number[] {
  return [...tensors].flatMap(([name, { data }]) =>
    name.startsWith(`state.${phase}.`) && isRate(name) ? [viewOf(data).getFloat32(0, true)] : [],
  );
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset);
}

/** Puts saved values into models and into what goes on from step to step. @throws StateError if they do not fit. */
export function assignState<B>(models: Models, running: Running<B>, tensors: Tensors, { phases }: LearnerLayout): void {
  for (const run of running.phases) {
    const generations = phases[run.phase.name]!;
    if (JSON.stringify(generations) !== JSON.stringify(run.trainable.generations)) run.relayOut(run.trainable.optimizer, generations);
  }
  checkState(running, tensors);
  tidy(() => {
    for (const [name, model] of Object.entries(models)) setWeights(model, weightsIn(tensors, name));
    for (const run of running.phases) {
      for (const state of run.states) {
        const { leaves, rebuild } = nameState(state.read(), run.trainable.flat);
        const saved = [...leaves].map(
          ([name, { backend }]) => [name, fromRawTensor(tensors.get(`state.${state.name}.${name}`)!, { backend })] as const,
        );
        state.assign(rebuild(new Map(saved)));
      }
      run.trainable.noteLearningRates(ratesOf(run.phase.name, tensors));
      const waiting = tensors.get(`state.${run.phase.name}.gradients.count`)?.data;
      if (waiting) run.batches = viewOf(waiting).getInt32(0, true);
    }
    running.counter.assign(fromRawTensor(tensors.get('state.counter')!, { backend: running.counter.read().backend }));
    running.measurement.assign(tensors);
  });
}
