import type { Captured } from '@tessera/capture';
import { type Backend, DeviceLostError, StateError, type TypedArray, UsageError } from '@tessera/core';
import { type Column, DataLoader } from '@tessera/data';
import { readSafetensors, writeSafetensors } from '@tessera/formats';
import type { Module } from '@tessera/layers';
import type { Metric } from '@tessera/metrics';
import { type NestedArray, setDefaultBackend, tensor, type Tensor, zeros } from '@tessera/tensor';
import type { Callback, History, Logs, Place } from './callback.ts';
import { checkExamples, checkTargets, columnsOf } from './check-examples.ts';
import { EventLoop } from './event-loop.ts';
import { Learner, lossOf } from './learner.ts';
import { lossMetric, Measurement } from './measurement.ts';
import type { CompileOptions, EvaluateOptions, Examples, FitOptions, RestoreOptions } from './options.ts';
import { asFloat, runStep, type Step, stepOf } from './step.ts';

/** Brings model, loss, optimizer and metrics together. */
export function compile(model: Module, options: CompileOptions): Trainer {
  return new Trainer(model, options);
}

const FORMAT = 'tessera-trainer-1';

/**
 * Trains a model. A step (forward, backward, update, metrics) is captured and replayed as one plan; the numbers stay on
 * the device and are read a few times a second.
 */
export class Trainer {
  readonly model: Module;
  /** The metrics, the loss's mean first. */
  readonly metrics: readonly Metric[];
  readonly #options: CompileOptions;
  #learner: Learner | undefined;
  #evaluation: Evaluation | undefined;
  #predictStep: Captured<[Tensor], Tensor> | undefined;
  #epoch = 0;
  #batch = 0;
  #stopped = false;
  #restored: Uint8Array | undefined;

  constructor(model: Module, options: CompileOptions) {
    const { gradientAccumulationSteps: batches = 1 } = options;
    if (!Number.isInteger(batches) || batches < 1) {
      throw new UsageError(`[compile] gradientAccumulationSteps must be a whole number from 1: got ${batches}`);
    }
    this.model = model;
    this.metrics = [lossMetric, ...(options.metrics ?? [])];
    this.#options = options;
  }

  /** Epochs finished. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Ends `fit` after the step that is running. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Trains for a number of epochs.
   *
   * @throws DataError for data without examples, with labels out of range or numbers that are not finite.
   * @example
   * await trainer.fit(train, { batchSize: 32, epochs: 10, validationData: validation })
   */
  async fit(
    data: Examples,
    { epochs = 1, batchSize = 32, shuffle = true, validationData, callbacks = [], signal }: FitOptions = {},
  ): Promise<History> {
    const loader = new DataLoader(data, { batchSize, shuffle, seed: this.#options.seed ?? 0 });
    this.#prepare(data);
    const first = this.#epoch;
    const logs: Logs[] = [];
    const loop = new EventLoop<readonly [Place, Logs]>();
    this.#stopped = false;
    const halted = (): boolean => this.#stopped || (signal?.aborted ?? false);
    const onWarmUp = (done: number, all: number): void => {
      for (const callback of callbacks) callback.onWarmUp?.(done, all, this);
    };
    const begin = async (): Promise<void> => {
      for (const callback of callbacks) await callback.onTrainBegin?.(this);
    };
    const runEpoch = async (): Promise<void> => {
      const learner = this.#learn();
      if (this.#batch === 0) learner.measurement.reset();
      const began = performance.now();
      let examples = 0;
      const place = (): Place => ({
        epoch: this.#epoch,
        epochs,
        batch: this.#batch,
        batches: loader.batches,
        examplesPerSecond: examples / Math.max(1e-9, (performance.now() - began) / 1000),
      });
      const soFar = async (): Promise<readonly [Place, Logs]> => [place(), numbersOf(await learner.measurement.read())];
      loop.forget();
      for (const callback of callbacks) await callback.onEpochBegin?.(place(), this);
      for await (const batch of untilAborted(loader.epoch(this.#epoch, { skip: this.#batch, ...(signal ? { signal } : {}) }), signal)) {
        await learner.learn(batch, onWarmUp);
        this.#batch++;
        examples += batch.size;
        if (loop.due()) {
          for (const [at, logs] of await loop.turn(soFar())) {
            for (const callback of callbacks) await callback.onStepEnd?.(at, logs, this);
          }
        }
        if (halted()) break;
      }
      if (this.#batch < loader.batches) return;
      const ended = place();
      const own = numbersOf(await learner.measurement.read());
      this.#batch = 0;
      this.#epoch++;
      const validation = validationData ? await this.#validate(validationData, { batchSize, ...(signal ? { signal } : {}) }) : {};
      const all: Logs = { ...own, ...Object.fromEntries(Object.entries(validation).map(([name, value]) => [validationName(name), value])) };
      logs.push(all);
      for (const callback of callbacks) await callback.onEpochEnd?.(ended, all, this);
    };

    while (!(await this.#survives(begin, callbacks)));
    while (this.#epoch < epochs && !halted()) {
      if (await this.#survives(runEpoch, callbacks)) continue;
      // What was learned after the state that was taken up is learned again.
      logs.length = Math.min(logs.length, this.#epoch - first);
    }
    const history: History = { epochs: logs, ended: signal?.aborted ? 'aborted' : this.#stopped ? 'stopped' : 'done' };
    for (const callback of callbacks) await callback.onTrainEnd?.(history, this);
    return history;
  }

  /** Whether a part of `fit` came to its end; not so where the device was lost and a callback brought the trainer to another. */
  async #survives(part: () => Promise<void>, callbacks: readonly Callback[]): Promise<boolean> {
    try {
      await part();
      return true;
    } catch (error) {
      if (!DeviceLostError.is(error)) throw error;
      for (const callback of callbacks) if (await callback.onDeviceLost?.(error, this)) return false;
      throw error;
    }
  }

  /** The loss and the metrics of one number over a data set. Other metrics: {@link measure}. */
  async evaluate(data: Examples, options: EvaluateOptions = {}): Promise<Logs> {
    this.#prepare(data);
    this.#evaluation ??= this.#evaluationOf(this.metrics);
    return numbersOf(await evaluate(this.#evaluation, data, options));
  }

  /** The values of any metrics over a data set: numbers, or nested arrays such as a confusion matrix. */
  async measure(data: Examples, metrics: readonly Metric[], options: EvaluateOptions = {}): Promise<Record<string, NestedArray>> {
    this.#prepare(data);
    const evaluation = this.#evaluationOf(metrics);
    try {
      return await evaluate(evaluation, data, options);
    } finally {
      evaluation.dispose();
    }
  }

  /** The model's outputs for inputs, batch by batch, as one array. Shapes: `[N, ...]` → `[N, ...]`. */
  async predict(x: Column, { batchSize = 32, signal }: EvaluateOptions = {}): Promise<Column<Float32Array<ArrayBuffer>>> {
    const count = x.shape[0] ?? 0;
    if (!this.model.built) this.model.build(x.shape.slice(1));
    this.#predictStep ??= stepOf((inputs: Tensor): Tensor => this.model.apply(asFloat(inputs)), this.#options);
    const loop = new EventLoop<unknown>();
    const width = x.data.length / Math.max(1, count);
    const parts: Promise<TypedArray>[] = [];
    let shape: readonly number[] = [];
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const stop = Math.min(count, start + batchSize);
      const input = tensor(x.data.subarray(start * width, stop * width) as never, { shape: [stop - start, ...x.shape.slice(1)] });
      let output: Tensor;
      try {
        await this.#predictStep.warmUp([input]);
        output = this.#predictStep(input);
      } finally {
        input.dispose();
      }
      shape = output.shape.slice(1);
      const part = output.data().finally(() => output.dispose());
      // Heard below, with the others.
      part.catch(() => {});
      parts.push(part);
      if (loop.due()) await loop.turn(part);
    }
    const all = (await Promise.all(parts)) as Float32Array[];
    const data = new Float32Array(all.reduce((sum, part) => sum + part.length, 0));
    all.reduce((at, part) => (data.set(part, at), at + part.length), 0);
    return { data, shape: [count, ...shape] };
  }

  /** Everything that going on needs: weights, optimizer state, counters, metrics. @throws StateError before training. */
  async save(): Promise<Uint8Array> {
    if (!this.#learner) throw new StateError('[save] a trainer has a state once it has begun to train. Save the model with saveModel.');
    return writeSafetensors(await this.#learner.save(), { format: FORMAT, epoch: String(this.#epoch), batch: String(this.#batch) });
  }

  /**
   * Goes back to a state that {@link save} gave; of a trainer that has not begun, when it begins. With `backend` training goes on there,
   * and it becomes the default one: nothing is read from the one before, so that this may be lost.
   *
   * @throws StateError, and nothing changes, if the file is not the state of a trainer like this one.
   */
  restore(bytes: Uint8Array, { backend }: RestoreOptions = {}): void {
    const { metadata, tensors } = readSafetensors(bytes);
    const [epoch, batch] = [Number(metadata.get('epoch')), Number(metadata.get('batch'))];
    if (metadata.get('format') !== FORMAT || !Number.isInteger(epoch) || !Number.isInteger(batch) || epoch < 0 || batch < 0)
      throw new StateError(`[restore] the file must be one that save made: got format ${metadata.get('format') ?? 'none'}`);
    if (backend) this.#moveTo(backend, bytes);
    else if (this.#learner) this.#learner.assign(tensors);
    else this.#restored = bytes;
    this.#epoch = epoch;
    this.#batch = batch;
  }

  /** Gives the memory of steps and states back; the model stays. */
  dispose(): void {
    for (const held of [this.#learner, this.#evaluation, this.#predictStep]) held?.dispose();
    [this.#learner, this.#evaluation, this.#predictStep] = [undefined, undefined, undefined];
  }

  #moveTo(backend: Backend, bytes: Uint8Array): void {
    const { tensors } = readSafetensors(bytes);
    this.#learner?.check(tensors);
    this.dispose();
    setDefaultBackend(backend);
    if (!this.model.built) return void (this.#restored = bytes);
    for (const variable of Object.values(this.model.variables())) {
      const value = zeros(variable.shape, { dtype: variable.dtype, backend });
      variable.assign(value);
      value.dispose();
    }
    this.#learner = new Learner(this.model, this.#options, this.metrics);
    this.#learner.assign(tensors);
  }

  /** Nothing where the signal came first. */
  async #validate(data: Examples, options: EvaluateOptions): Promise<Logs> {
    try {
      return await this.evaluate(data, options);
    } catch (error) {
      if (options.signal?.aborted) return {};
      throw error;
    }
  }

  /** Checks the data, and makes what learning needs. */
  #prepare(data: Examples): Learner {
    checkExamples(data);
    if (!this.model.built) {
      const columns = columnsOf(data);
      if (!columns) throw new UsageError('[fit] the model must be built: give it an inputShape, or call build(inputShape).');
      this.model.build(columns.x.shape.slice(1));
    }
    checkTargets(data, this.model);
    return this.#learn();
  }

  /** What learns the model, which is built; made at the first call, or anew where its device was lost. */
  #learn(): Learner {
    if (this.#learner) return this.#learner;
    const learner = new Learner(this.model, this.#options, this.metrics);
    if (this.#restored) learner.assign(readSafetensors(this.#restored).tensors);
    this.#restored = undefined;
    this.#learner = learner;
    return learner;
  }

  #evaluationOf(metrics: readonly Metric[]): Evaluation {
    const measurement = new Measurement(metrics);
    const { loss } = this.#options;
    const step = stepOf((x: Tensor, y: Tensor, weight: Tensor) => {
      const prediction = this.model.apply(asFloat(x));
      measurement.update(lossOf(this.model, loss(prediction, y, { sampleWeight: weight })), prediction, y, weight);
    }, this.#options);
    return {
      step,
      measurement,
      dispose() {
        step.dispose();
        measurement.dispose();
      },
    };
  }
}

/** A step that measures, and what it measures. */
interface Evaluation {
  readonly step: Step;
  readonly measurement: Measurement;
  dispose(): void;
}

async function evaluate(
  { step, measurement }: Evaluation,
  data: Examples,
  { batchSize = 32, signal }: EvaluateOptions,
): Promise<Record<string, NestedArray>> {
  const loop = new EventLoop<unknown>();
  measurement.reset();
  for await (const batch of new DataLoader(data, { batchSize }).epoch(0, signal ? { signal } : {})) {
    await runStep(step, batch);
    if (loop.due()) await loop.turn(measurement.read());
  }
  return measurement.read();
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
