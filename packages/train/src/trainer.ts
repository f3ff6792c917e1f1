import { type Backend, StateError, UsageError } from '@tessera/core';
import { type Column, DataLoader } from '@tessera/data';
import { type RawTensor, readSafetensors, writeSafetensors } from '@tessera/formats';
import { type AnyModule, type Json, specsOfJson } from '@tessera/layers';
import type { HostMetric, Metric } from '@tessera/metrics';
import type { Optimizer } from '@tessera/optim';
import { type NestedArray, setDefaultBackend, zeros } from '@tessera/tensor';
import { disposeBatch, toDevice } from './batch.ts';
import type { History, Logs } from './callback.ts';
import { EventLoop } from './event-loop.ts';
import { datasetOf, type Examples, isDataset, isStream, lengthOf, type ValuesTree } from './examples.ts';
import { Fit, numbersOf } from './fit.ts';
import type { Evaluation, Learner } from './learner.ts';
import type { LearnerLayout } from './learner-state.ts';
import type { EvaluateOptions, FitOptions, RestoreOptions } from './options.ts';
import { Predictor } from './predict.ts';
import { expectSameBatches, metadataOf, type Position, type SavedState, stateOf } from './saved-state.ts';
import { stepFactory } from './step.ts';
import { boundMetrics } from './supervised.ts';

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
export class Trainer<C = unknown, M extends AnyModule = AnyModule> {
  readonly learner: Learner<never>;
  readonly #checks: Checks;
  #evaluation: Evaluation<unknown> | undefined;
  #predictor: Predictor | undefined;
  readonly #position: Position = { epoch: 0, batch: 0, from: null, batches: null };
  #stopped = false;
  #fitting = false;
  /** Evaluations wait for one another. */
  #evaluated: Promise<unknown> = Promise.resolve();

  constructor(learner: Learner<never>, checks: Checks = {}) {
    this.learner = learner;
    this.#checks = checks;
  }

  /** The model, or the first of several. */
  get model(): M {
    return Object.values(this.learner.models)[0] as M;
  }

  /** Epochs finished. */
  get epoch(): number {
    return this.#position.epoch;
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
    const { epochs = 1, batchSize = 32, shuffle = true, callbacks = [], signal, validationData } = options;
    const loader = loaderOf(data, options, this.learner.seed);
    const isGiven = validationData === undefined || isDataset(validationData);
    const validation = isGiven ? validationData : await datasetOf('fit', ...(validationData as [unknown, unknown]));
    for (const given of [data, ...(validation ? [validation] : [])]) this.#checks.prepare?.(given);
    const cut = isStream(data) ? {} : { length: lengthOf(data)!, batchSize, shuffle };
    const batches: Json = { ...cut, seed: this.learner.seed, accumulate: this.learner.phases.map(({ accumulate = 1 }) => accumulate) };
    expectSameBatches(this.#position, batches);
    this.#position.batches = batches;
    if (this.learner.built) this.learner.begin();
    this.#stopped = false;
    return new Fit({
      trainer: this as Trainer,
      learner: this.learner,
      loader,
      position: this.#position,
      epochs,
      callbacks,
      signal,
      stopped: () => this.#stopped,
      check: (columns) => this.#checks.batch?.(columns),
      validate: async () => (validation ? this.#validate(validation, options) : {}),
    }).run();
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
    const { batch, batches } = this.#position;
    const state: SavedState = {
      ...this.#position,
      batches: batch > 0 ? batches : null,
      inputs: Object.fromEntries(inputs) as Record<string, Json>,
      ...this.learner.layout(),
    };
    return writeSafetensors(await this.learner.save(), metadataOf(state));
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
    const { epoch, batch, from, batches } = state;
    Object.assign(this.#position, { epoch, batch, from, batches });
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
  async #validate(data: Examples, { batchSize, buckets, signal }: FitOptions): Promise<Logs> {
    try {
      return await this.evaluate(data as Examples<C>, { batchSize, buckets, signal });
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
