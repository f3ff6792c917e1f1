import { type Backend, DeviceLostError, StateError, UsageError } from '@tessera/core';
import { type Column, DataLoader } from '@tessera/data';
import { type RawTensor, readSafetensors, writeSafetensors } from '@tessera/formats';
import { type AnyModule, type Json, specsOfJson } from '@tessera/layers';
import type { HostMetric, Metric } from '@tessera/metrics';
import type { Optimizer } from '@tessera/optim';
import { type NestedArray, setDefaultBackend, zeros } from '@tessera/tensor';
import { type DeviceBatch, disposeBatch, toDevice } from './batch.ts';
import type { Callback, History, Logs, Place } from './callback.ts';
import { EventLoop } from './event-loop.ts';
import { datasetOf, type Examples, isDataset, isStream, lengthOf, type ValuesTree } from './examples.ts';
import type { Evaluation, Learner, LearnerLayout } from './learner.ts';
import type { EvaluateOptions, FitOptions, RestoreOptions } from './options.ts';
import { Predictor } from './predict.ts';
import { stepFactory } from './step.ts';
import { boundMetrics } from './supervised.ts';

const FORMAT = 'tessera-trainer-2';

/** What a trainer's state says beside its tensors. */
interface State extends LearnerLayout {
  readonly epoch: number;
  readonly batch: number;
  /** Where the fit began that was running, in epochs; nothing where none was. */
  readonly from: number | null;
  /** How that fit cut its data into batches. */
  readonly batches: Json;
  /** The specs of the models' inputs. */
  readonly inputs: Readonly<Record<string, Json>>;
}

/** What a trainer asks of data before it learns from it. */
export interface Checks {
  /** Before anything is learned: throws where the data cannot be right, and builds the model where it is not built. */
  prepare?(data: Examples): void;
  /** Of each batch, before it goes to the device. */
  batch?(columns: unknown): void;
}

/**
 * Trains what a {@link Learner} learns. A step is captured and replayed as one plan for each phase; the numbers stay on the device and are
 * read a few times a second.
 */
export class Trainer<C = unknown> {
  readonly learner: Learner<never>;
  readonly #checks: Checks;
  #evaluation: Evaluation<unknown> | undefined;
  #predictor: Predictor | undefined;
  #epoch = 0;
  #batch = 0;
  #from: number | undefined;
  #batches: Json = null;
  #stopped = false;
  #fitting = false;
  /** Evaluations wait for one another. */
  #evaluated: Promise<unknown> = Promise.resolve();

  constructor(learner: Learner<never>, checks: Checks = {}) {
    this.learner = learner;
    this.#checks = checks;
  }

  /** The model, or the first of several. */
  get model(): AnyModule {
    return Object.values(this.learner.models)[0]!;
  }

  /** Epochs finished. */
  get epoch(): number {
    return this.#epoch;
  }

  get #phase(): string {
    const [phase, ...others] = this.learner.phases;
    if (others.length === 0) return phase!.name;
    throw new UsageError(
      '[Trainer] there are several phases, each with its own optimizer: ask learner.optimizerOf(phase), set learner.setOptimizer(phase, …)',
    );
  }

  /** The optimizer. Set, parameters are laid out anew; its state goes on where it is of the same kind, and otherwise begins anew. */
  get optimizer(): Optimizer {
    return this.learner.optimizerOf(this.#phase);
  }
  set optimizer(optimizer: Optimizer) {
    this.learner.setOptimizer(this.#phase, optimizer);
  }

  /** The learning rate; `undefined` where it follows a schedule, or where groups have their own. */
  get learningRate(): number | undefined {
    return this.learner.learningRateOf(this.#phase);
  }
  set learningRate(learningRate: number) {
    this.learner.setLearningRate(this.#phase, learningRate);
  }

  /** Ends `fit` after the step that is running. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Trains for a number of epochs, on a dataset, or on inputs and targets in any form of which columns can be made.
   *
   * @throws DataError for data without examples, with labels out of range or numbers that are not finite.
   * @example
   * await trainer.fit(train, { batchSize: 32, epochs: 10, validationData: validation })
   * await trainer.fit(xTrain, yTrain, { epochs: 10, validationData: [xVal, yVal] })
   */
  async fit(data: Examples<C>, options?: FitOptions): Promise<History>;
  async fit(x: ValuesTree, y: ValuesTree, options?: FitOptions): Promise<History>;
  async fit(first: unknown, second?: unknown, third?: FitOptions): Promise<History> {
    const given = isDataset(first);
    const options = ((given ? second : third) ?? {}) as FitOptions;
    if (this.#fitting) throw new UsageError('[fit] the trainer is fitting already. Await that call first.');
    this.#fitting = true;
    try {
      return await this.#fit(given ? first : await datasetOf('fit', first, second), options);
    } finally {
      this.#fitting = false;
    }
  }

  async #fit(data: Examples, options: FitOptions): Promise<History> {
    const { epochs = 1, callbacks = [], signal, validationData } = options;
    const loader = loaderOf(data, options, this.learner.seed);
    const validation =
      validationData === undefined || isDataset(validationData)
        ? validationData
        : await datasetOf('fit', ...(validationData as [unknown, unknown]));
    this.#checks.prepare?.(data);
    if (validation) this.#checks.prepare?.(validation);
    this.#expectSameBatches(data, options);
    if (this.learner.built) this.learner.begin();
    const first = this.#epoch;
    const from = (this.#from ??= this.#epoch);
    const end = from + epochs;
    const logs: Logs[] = [];
    const loop = new EventLoop<readonly [Place, Logs]>();
    this.#stopped = false;
    const halted = (): boolean => this.#stopped || (signal?.aborted ?? false);
    const onProgress = (done: number, all: number): void => {
      for (const callback of callbacks) callback.onWarmUp?.(done, all, this as Trainer);
    };
    const begin = async (): Promise<void> => {
      for (const callback of callbacks) await callback.onTrainBegin?.(this as Trainer);
    };
    const runEpoch = async (): Promise<void> => {
      const began = performance.now();
      let examples = 0;
      const place = (): Place => ({
        epoch: this.#epoch - from,
        epochs,
        batch: this.#batch,
        batches: loader.batches,
        examplesPerSecond: examples / Math.max(1e-9, (performance.now() - began) / 1000),
      });
      const soFar = async (): Promise<readonly [Place, Logs]> => [place(), numbersOf(await this.learner.measurement.read())];
      loop.forget();
      if (this.#batch === 0 && this.learner.begun) this.learner.measurement.reset();
      for (const callback of callbacks) await callback.onEpochBegin?.(place(), this as Trainer);
      let ended = true;
      for await (const { columns, size } of untilAborted(
        loader.epoch(this.#epoch, { skip: this.#batch, ...(signal ? { signal } : {}) }),
        signal,
      )) {
        await this.#learn(columns, size, onProgress);
        this.#batch++;
        examples += size;
        if (loop.due()) {
          for (const [at, told] of await loop.turn(soFar())) {
            for (const callback of callbacks) await callback.onStepEnd?.(at, told, this as Trainer);
          }
        }
        if (halted()) {
          ended = this.#batch === loader.batches;
          break;
        }
      }
      // An abort while a batch is waited for ends the batches as well.
      if (!ended || (halted() && this.#batch !== loader.batches)) return;
      const at = place();
      const own = numbersOf(await this.learner.measurement.read({ complete: true }));
      this.#batch = 0;
      this.#epoch++;
      const measured = validation ? await this.#validate(validation, options) : {};
      const all: Logs = { ...own, ...Object.fromEntries(Object.entries(measured).map(([name, value]) => [validationName(name), value])) };
      logs.push(all);
      for (const callback of callbacks) await callback.onEpochEnd?.(at, all, this as Trainer);
    };

    while (!(await this.#survives(begin, callbacks)));
    while (this.#epoch < end && !halted()) {
      if (await this.#survives(runEpoch, callbacks)) continue;
      // What was learned after the state that was taken up is learned again.
      logs.length = Math.max(0, Math.min(logs.length, this.#epoch - first));
    }
    const history: History = { epochs: logs, ended: signal?.aborted ? 'aborted' : this.#stopped ? 'stopped' : 'done' };
    for (const callback of callbacks) await callback.onTrainEnd?.(history, this as Trainer);
    // One that was aborted can be taken up again; one that is done or was stopped is over.
    if (history.ended !== 'aborted') this.#from = undefined;
    return history;
  }

  async #learn(columns: unknown, size: number, onProgress: (done: number, all: number) => void): Promise<void> {
    this.#checks.batch?.(columns);
    const batch = toDevice(columns, size) as DeviceBatch<never>;
    try {
      await this.learner.step(batch, { onProgress });
    } finally {
      disposeBatch(batch);
    }
  }

  /** In the middle of an epoch the data must be cut as it was, or other examples would be left out than were learned from. */
  #expectSameBatches(data: Examples, { batchSize = 32, shuffle = true }: FitOptions): void {
    const { phases, seed } = this.learner;
    const batches: Json = {
      length: lengthOf(data) ?? null,
      batchSize: isStream(data) ? null : batchSize,
      shuffle: isStream(data) ? null : shuffle,
      seed,
      accumulate: phases.map(({ accumulate = 1 }) => accumulate),
    };
    if (this.#batch > 0 && this.#batches !== null) {
      const [before, now] = [this.#batches as Readonly<Record<string, Json>>, batches as Readonly<Record<string, Json>>];
      const differs = Object.keys(now).find((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
      if (differs) {
        throw new StateError(
          `[fit] an epoch that was interrupted goes on with the same batches: ${differs} was ${JSON.stringify(before[differs])}, got ${JSON.stringify(now[differs])}. Use a new trainer and loadWeights to begin anew.`,
        );
      }
    }
    this.#batches = batches;
  }

  /** False when the device was lost and a callback moved training to another. */
  async #survives(part: () => Promise<void>, callbacks: readonly Callback[]): Promise<boolean> {
    try {
      await part();
      return true;
    } catch (error) {
      if (!DeviceLostError.is(error)) throw error;
      for (const callback of callbacks) if (await callback.onDeviceLost?.(error, this as Trainer)) return false;
      throw error;
    }
  }

  /** The loss and the metrics of one number over a data set. Other metrics: {@link measure}. */
  async evaluate(data: Examples<C>, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(x: ValuesTree, y: ValuesTree, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(first: unknown, second?: unknown, third?: EvaluateOptions): Promise<Logs> {
    const given = isDataset(first);
    const options = ((given ? second : third) ?? {}) as EvaluateOptions;
    const data = given ? first : await datasetOf('evaluate', first, second);
    const turn = this.#evaluated.then(async () => {
      this.#checks.prepare?.(data);
      this.#evaluation ??= this.learner.evaluation() as Evaluation<unknown>;
      return numbersOf(await this.#measure(this.#evaluation, data, options));
    });
    this.#evaluated = turn.catch(() => {});
    return turn;
  }

  /** The loss and the values of any metrics over a data set: numbers, or nested arrays such as a confusion matrix. */
  async measure(
    data: Examples<C>,
    metrics: readonly (Metric | HostMetric)[],
    options: EvaluateOptions = {},
  ): Promise<Record<string, NestedArray>> {
    this.#checks.prepare?.(data);
    const evaluation = this.learner.evaluation(boundMetrics(metrics)) as Evaluation<unknown>;
    try {
      return await this.#measure(evaluation, data, options);
    } finally {
      evaluation.dispose();
    }
  }

  async #measure(
    { step, measurement }: Evaluation<unknown>,
    data: Examples,
    options: EvaluateOptions,
  ): Promise<Record<string, NestedArray>> {
    const { signal } = options;
    const loop = new EventLoop<unknown>();
    measurement.reset();
    const loader = loaderOf(data, { ...options, shuffle: false }, 0);
    for await (const { columns, size } of loader.epoch(0, signal ? { signal } : {})) {
      this.#checks.batch?.(columns);
      const batch = toDevice(columns, size);
      try {
        await step(batch);
      } finally {
        disposeBatch(batch);
      }
      if (loop.due()) await loop.turn(measurement.read());
    }
    return measurement.read({ complete: true });
  }

  /** The model's outputs for inputs, batch by batch: see `predict`. Shapes: `[N, ...]` → `[N, ...]`. */
  async predict<P = Column<Float32Array<ArrayBuffer>>>(x: ValuesTree, options: EvaluateOptions = {}): Promise<P> {
    this.#predictor ??= new Predictor(this.model, stepFactory(this.learner.stepOptions));
    return (await this.#predictor.run(x, options)) as P;
  }

  /** Everything that going on needs: weights, optimizer state, counters, metrics. @throws StateError before the models are built. */
  async save(): Promise<Uint8Array> {
    if (!this.learner.begun)
      throw new StateError('[save] a trainer has a state once it has begun to train. Save the model with saveModel.');
    const inputs = Object.entries(this.learner.models).map(([name, model]) => [name, JSON.parse(JSON.stringify(model.inputSpec)) as Json]);
    const state: State = {
      epoch: this.#epoch,
      batch: this.#batch,
      from: this.#from ?? null,
      batches: this.#batch > 0 ? this.#batches : null,
      inputs: Object.fromEntries(inputs) as Record<string, Json>,
      ...this.learner.layout(),
    };
    return writeSafetensors(await this.learner.save(), { format: FORMAT, state: JSON.stringify(state) });
  }

  /**
   * Goes back to a state that {@link save} gave: weights and all are those at once. With `backend` training goes on there, and it becomes
   * the default one: nothing is read from the one before, so that this may be lost.
   *
   * @throws StateError, and nothing changes, if the file is not the state of a trainer like this one.
   */
  restore(bytes: Uint8Array, { backend }: RestoreOptions = {}): void {
    const { metadata, tensors } = readSafetensors(bytes);
    const state = stateOf(metadata);
    for (const [name, model] of Object.entries(this.learner.models)) {
      const input = state.inputs[name];
      if (!model.built && input !== undefined) model.build(specsOfJson(input) as never);
    }
    if (backend) this.#moveTo(backend, tensors, state);
    else this.learner.assign(tensors, state);
    this.#epoch = state.epoch;
    this.#batch = state.batch;
    this.#from = state.from ?? undefined;
    this.#batches = state.batches;
  }

  /** Gives the memory of steps and states back; the model stays. */
  dispose(): void {
    this.learner.dispose();
    for (const held of [this.#evaluation, this.#predictor]) held?.dispose();
    [this.#evaluation, this.#predictor] = [undefined, undefined];
  }

  #moveTo(backend: Backend, tensors: ReadonlyMap<string, RawTensor>, layout: LearnerLayout): void {
    this.learner.check(tensors, layout);
    this.dispose();
    setDefaultBackend(backend);
    for (const model of Object.values(this.learner.models)) {
      for (const variable of Object.values(model.variables())) {
        const value = zeros(variable.shape, { dtype: variable.dtype, backend });
        variable.assign(value);
        value.dispose();
      }
    }
    this.learner.assign(tensors, layout);
  }

  /** Nothing where the signal came first. */
  async #validate(data: Examples, { batchSize, signal }: FitOptions): Promise<Logs> {
    try {
      return await this.evaluate(data as Examples<C>, { ...(isStream(data) ? {} : { batchSize }), signal });
    } catch (error) {
      if (signal?.aborted) return {};
      throw error;
    }
  }
}

function loaderOf(data: Examples, { batchSize = 32, shuffle = true, buckets }: FitOptions, seed: number): DataLoader {
  const order = isStream(data) ? {} : { batchSize, shuffle };
  return new DataLoader(data as never, { ...order, seed, ...(buckets ? { buckets } : {}) });
}

function stateOf(metadata: ReadonlyMap<string, string>): State {
  const format = metadata.get('format');
  if (format === 'tessera-trainer-1') {
    throw new StateError(
      "[restore] the state was saved by an earlier version, which named nothing. Take up the model's weights: loadWeights(model, bytes, { strict: false, rename: (name) => name.startsWith('model.') ? name.slice(6) : undefined }).",
    );
  }
  const state = format === FORMAT ? parse(metadata.get('state')) : undefined;
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
  if (state && isCount(state.epoch) && isCount(state.batch) && typeof state.phases === 'object' && typeof state.inputs === 'object')
    return state;
  throw new StateError(`[restore] the file must be one that save made: got format ${format ?? 'none'}`);
}

function parse(text: string | undefined): State | undefined {
  try {
    return JSON.parse(text ?? '') as State;
  } catch {
    return undefined;
  }
}

/** Items up to the signal: what was learned before is kept, so that being aborted is no error. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** Those values that are one number. */
function numbersOf(values: Record<string, NestedArray>): Logs {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

function validationName(name: string): string {
  return `val${name[0]!.toUpperCase()}${name.slice(1)}`;
}
