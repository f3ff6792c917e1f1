import type { WarmUpOptions } from '@tessera/capture';
import { treeFlatten, treeLeaves, UsageError } from '@tessera/core';
import type { RawTensor } from '@tessera/formats';
import { type AnyModule, checkWeights, inContext, modulesOf, TensorSpec } from '@tessera/layers';
import type { Optimizer } from '@tessera/optim';
import { outline, Random, tensor, type Tensor, trainableVersion, UNKNOWN, type Variable, VariableTree, zeros } from '@tessera/tensor';
import { type DeviceBatch, masked } from './batch.ts';
import type { ToRead } from './host-scores.ts';
import { assignState, checkState, expectSameParameters, type LearnerLayout, type Running, saveState, weightsIn } from './learner-state.ts';
import { type BoundMetric, Measurement } from './measurement.ts';
import { checkPhases, expectOptimizer, expectOutcome, modulesIn, type Outcome, type Phase } from './phase.ts';
import { type PhaseHost, PhaseRun } from './phase-run.ts';
import { type StepFactory, stepFactory, type StepOptions } from './step.ts';

/** What a {@link Learner} is made of. */
export interface LearnerOptions<B> extends StepOptions {
  /** The models, by the names under which their weights are saved and by which they draw. */
  readonly models: Readonly<Record<string, AnyModule>>;
  /** What a step does, in this order. */
  readonly phases: readonly Phase<B>[];
  /** Compare the predictions and targets of the objectives. */
  readonly metrics?: readonly BoundMetric[] | undefined;
  /** Seeds what the objectives draw (default 0). */
  readonly seed?: number | undefined;
}

/**
 * A training step as a value: phases that run in order, each with its parameters, optimizer and objective.
 *
 * Models are built, and parameters laid out, at the first batch. Parameters that are frozen or set free later are laid out anew; what
 * the optimizer knows of those that stay is kept.
 *
 * @example
 * const learner = new Learner({ models: { generator, critic }, phases: [
 *   { name: 'critic', repeat: 5, parameters: critic, optimizer: adam(), objective: criticObjective },
 *   { name: 'generator', parameters: generator, optimizer: adam(), objective: generatorObjective },
 * ] })
 */
export class Learner<B = unknown> {
  readonly models: Readonly<Record<string, AnyModule>>;
  readonly phases: readonly Phase<B>[];
  readonly seed: number;
  readonly metrics: readonly BoundMetric[];
  readonly stepOptions: StepOptions;
  readonly #step: StepFactory;
  readonly #names: ReadonlyMap<AnyModule, string>;
  readonly #optimizers: Map<string, Optimizer>;
  #running: Running<B> | undefined;
  #built = false;

  constructor({ models, phases, metrics = [], seed = 0, ...options }: LearnerOptions<B>) {
    checkPhases(models, phases);
    this.models = models;
    this.phases = phases;
    this.seed = seed;
    this.metrics = metrics;
    this.stepOptions = options;
    this.#step = stepFactory(options);
    const entries = Object.entries(models);
    this.#names = new Map(entries.map(([name, model]) => [model, entries.length === 1 ? '' : name]));
    this.#optimizers = new Map(phases.map(({ name, optimizer }) => [name, optimizer]));
  }

  /** Whether it has begun: there is a state on the device. */
  get begun(): boolean {
    return this.#running !== undefined;
  }

  /** What the steps since the last reset have come to. */
  get measurement(): Measurement {
    return this.begin().measurement;
  }

  /** Whether all models are built, and every module in them. */
  get built(): boolean {
    this.#built ||= Object.values(this.models).every((model) => modulesOf(model).every(([, module]) => module.built));
    return this.#built;
  }

  /** Builds what is not built yet in the models, by running the objectives for the shapes of a batch alone. */
  build(batch: DeviceBatch<B>): void {
    if (this.built) return;
    outline(withUnknownLengths(batch), (tensors) => {
      const random = new Random(this.seed);
      for (const phase of this.phases) this.#outcome(phase, masked({ tensors, lengths: {} }), true, random);
    });
    const [name] = Object.entries(this.models).find(([, model]) => !model.built) ?? [];
    if (name !== undefined) throw new UsageError(`[Learner] every model must be called by an objective: ${name} was not`);
    for (const model of Object.values(this.models)) model.initializeMissing();
    // A module that no objective calls stays as it is.
    this.#built = true;
  }

  /** Runs every phase on a batch of tensors, for a loop of one's own; the tensors stay the caller's. */
  async step(batch: B): Promise<void> {
    const [first] = treeLeaves(batch) as Tensor[];
    await this.learn({ size: first?.shape[0] ?? 1, tensors: batch, lengths: {} });
  }

  /** Runs every phase on a batch. @internal */
  async learn(batch: DeviceBatch<B>, options: WarmUpOptions = {}): Promise<void> {
    const running = this.begin(batch);
    for (const run of running.phases) {
      for (let i = 0; i < (run.phase.repeat ?? 1); i++) {
        const told = await run.learn(batch, options);
        if (told) running.measurement.host.take(told);
      }
    }
  }

  /** Makes what learning needs on the device, if it is not there, and lays out what trains now. */
  begin(batch?: DeviceBatch<B>): Running<B> {
    if (batch) this.build(batch);
    if (!Object.values(this.models).every((model) => model.built))
      throw new UsageError('[fit] the model must be built: give it an inputShape, or call build(inputShape).');
    const running = (this.#running ??= this.#start());
    if (running.version !== trainableVersion()) this.#relayOut(running);
    return running;
  }

  #start(): Running<B> {
    const counter = new VariableTree<Tensor>('counter', () => zeros([2], { dtype: 'int32' }));
    const measurement = new Measurement(this.metrics);
    const host: PhaseHost<B> = {
      step: this.#step,
      variables: (phase) => this.#trainableOf(phase),
      constrained: (phase) => modulesIn(phase).flatMap((module) => module.constrained().filter(([variable]) => variable.trainable)),
      outcome: (phase, batch) => {
        const now = counter.read();
        const random = new Random(this.seed, { counter: now });
        counter.assign(now.add(tensor(Int32Array.of(1, 0), { backend: now.backend })));
        return this.#outcome(phase, batch, true, this.phases.length > 1 ? random.split(phase.name) : random);
      },
      observe: (phase, outcome, size) => this.#observe(measurement, phase, outcome, size),
    };
    const phases = this.phases.map((phase) => new PhaseRun({ ...phase, optimizer: this.#optimizers.get(phase.name)! }, host));
    return { phases, counter, measurement, version: trainableVersion() };
  }

  #relayOut(running: Running<B>): void {
    for (const run of running.phases) {
      const now = Object.keys(this.#trainableOf(run.phase));
      const before = Object.keys(run.trainable.variables);
      if (now.length !== before.length || now.some((path, i) => path !== before[i])) run.relayOut(run.trainable.optimizer);
    }
    running.version = trainableVersion();
  }

  /** The variables that a phase trains, each once, by path. */
  #trainableOf(phase: Phase<B>): Record<string, Variable> {
    const paths = new Map<Variable, string>();
    for (const module of modulesIn(phase)) {
      const place = this.#placeOf(module, phase);
      for (const [path, variable] of Object.entries(module.trainableVariables())) {
        if (!paths.has(variable)) paths.set(variable, place ? `${place}.${path}` : path);
      }
    }
    return Object.fromEntries([...paths].map(([variable, path]) => [path, variable]));
  }

  /** The path of a module among the models. */
  #placeOf(module: AnyModule, { name: phase }: Phase<B>): string {
    const own = this.#names.get(module);
    if (own !== undefined) return own;
    for (const [model, name] of this.#names) {
      const path = modulesOf(model).find(([, inside]) => inside === module)?.[0];
      if (path !== undefined) return name ? `${name}.${path}` : path;
    }
    throw new UsageError(
      `[Learner] parameters of ${phase} must be models or modules inside of them: got ${module.className}${module.name && ` ${module.name}`}. Add it to models.`,
    );
  }

  #outcome(phase: Phase<B>, batch: B, training: boolean, random: Random): Outcome {
    const outcome = inContext({ training, random }, this.#names, (context) => phase.objective(batch, context));
    expectOutcome(phase.name, outcome);
    return outcome;
  }

  #observe(measurement: Measurement, phase: Phase<B>, outcome: Outcome, size: number): ToRead | undefined {
    const { loss, weight = size, logs = {}, predictions, targets, sampleWeight } = outcome;
    const name = this.phases.length > 1 ? `${phase.name}Loss` : 'loss';
    const means = Object.fromEntries([
      [name, [loss, weight] as const],
      ...Object.entries(logs).map(([key, value]) => [key, [value, weight] as const]),
    ]);
    const told = { means, predictions, targets, sampleWeight };
    const compares = predictions !== undefined && targets !== undefined;
    measurement.update(compares ? told : { means });
    return compares ? measurement.wanted(told) : undefined;
  }

  /** Measures a batch outside of training: every objective's loss and logs, and the metrics. */
  evaluation(metrics: readonly BoundMetric[] = this.metrics): Evaluation<B> {
    const measurement = new Measurement(metrics);
    const step = this.#step(({ tensors, lengths, size }: DeviceBatch<B>) => {
      const batch = masked({ tensors, lengths });
      return this.phases.map((phase) => this.#observe(measurement, phase, this.#outcome(phase, batch, false, new Random(this.seed)), size));
    });
    return {
      measurement,
      step: async (batch) => {
        this.build(batch);
        const told = (await step.warmUp([batch]))();
        for (const one of told) if (one) measurement.host.take(one);
      },
      dispose() {
        step.dispose();
        measurement.dispose();
      },
    };
  }

  /** The optimizer of a phase. */
  optimizerOf(phase: string): Optimizer {
    return this.#optimizers.get(phase)!;
  }

  /** Sets the optimizer of a phase: parameters are laid out anew; its state is kept by path where the optimizer is of the same kind, else it begins anew. */
  setOptimizer(phase: string, optimizer: Optimizer): void {
    expectOptimizer(optimizer);
    this.#optimizers.set(phase, optimizer);
    this.#running?.phases.find((run) => run.phase.name === phase)!.relayOut(optimizer);
  }

  /** The learning rate of a phase; `undefined` where it follows a schedule, or where groups have their own. */
  learningRateOf(phase: string): number | undefined {
    const running = this.#running?.phases.find((run) => run.phase.name === phase);
    const { learningRate } = running?.trainable ?? this.optimizerOf(phase);
    return typeof learningRate === 'number' ? learningRate : undefined;
  }

  /** Sets the learning rates that the optimizer's state holds. @throws UsageError where it follows a schedule. */
  setLearningRate(phase: string, learningRate: number): void {
    if (!Number.isFinite(learningRate) || learningRate < 0)
      throw new UsageError(`[learningRate] must be a finite number from 0: got ${learningRate}`);
    const run = this.begin().phases.find((one) => one.phase.name === phase)!;
    if (!run.trainable.setLearningRate(learningRate)) {
      throw new UsageError('[learningRate] the optimizer follows a schedule. Set another optimizer instead.');
    }
  }

  /** Which parameters train, for files. */
  layout(): LearnerLayout {
    return { phases: Object.fromEntries(this.begin().phases.map(({ phase, trainable }) => [phase.name, trainable.generations])) };
  }

  /** Everything that going on needs, by name: what there is for each parameter stands under a name for each. */
  async save(): Promise<Map<string, RawTensor>> {
    return saveState(this.models, this.begin());
  }

  /** @throws StateError if saved values are not of a learner like this one. Nothing is read from the device, and nothing changes. */
  check(tensors: ReadonlyMap<string, RawTensor>, layout: LearnerLayout): void {
    for (const [name, model] of Object.entries(this.models)) checkWeights(model, weightsIn(tensors, name));
    for (const phase of this.phases) expectSameParameters(phase.name, Object.keys(this.#trainableOf(phase)), layout);
    if (this.#running) checkState(this.#running, tensors);
  }

  /** Goes back to saved values. @throws StateError if they are not of a learner like this one. */
  assign(tensors: ReadonlyMap<string, RawTensor>, layout: LearnerLayout): void {
    this.check(tensors, layout);
    assignState(this.models, this.begin(), tensors, layout);
  }

  /** Gives the memory of the state back; the models stay. */
  dispose(): void {
    if (!this.#running) return;
    for (const held of [...this.#running.phases, this.#running.counter, this.#running.measurement]) held.dispose();
    this.#running = undefined;
  }
}

/** Measures batches outside of training. */
export interface Evaluation<B> {
  readonly measurement: Measurement;
  step(batch: DeviceBatch<B>): Promise<void>;
  dispose(): void;
}

/** The specs of a batch of which sequences may come in another length. */
function withUnknownLengths<B>({ tensors, lengths }: DeviceBatch<B>): B {
  const { leaves, paths, unflatten } = treeFlatten(tensors);
  const specs = (leaves as Tensor[]).map(({ shape, dtype }, i) => {
    const [n, , ...step] = shape;
    return new TensorSpec(lengths[paths[i]!] ? [n!, UNKNOWN, ...step] : shape, dtype);
  });
  return unflatten(specs) as B;
}
