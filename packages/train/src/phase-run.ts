import { valueAndGrad } from '@tessera/autograd';
import type { Captured, WarmUpOptions } from '@tessera/capture';
import { treeMap } from '@tessera/core';
import type { Constraint } from '@tessera/layers';
import type { Optimizer } from '@tessera/optim';
import { type Tensor, type Variable, VariableTree, zeros, zerosLike } from '@tessera/tensor';
import { type DeviceBatch, masked } from './batch.ts';
import type { ToRead } from './host-scores.ts';
import type { Gradients, Outcome, Phase } from './phase.ts';
import type { StepFactory } from './step.ts';
import { Trainable } from './trainable.ts';

/** Gradients summed over batches, and what these are to be divided by. */
interface Accumulated {
  readonly count: Tensor;
  readonly weight: Tensor;
  readonly sums: Gradients;
}

/** What a phase needs of the learner that runs it. */
export interface PhaseHost<B> {
  readonly step: StepFactory;
  /** The variables to train now, by path. */
  variables(phase: Phase<B>): Readonly<Record<string, Variable>>;
  /** The variables that are to be kept within bounds after each update. */
  constrained(phase: Phase<B>): readonly (readonly [Variable, Constraint])[];
  /** The objective's outcome in training, with random numbers of this run. */
  outcome(phase: Phase<B>, batch: B): Outcome;
  /** Notes what came of a batch, and gives what is to be read of it on the host. */
  observe(phase: Phase<B>, outcome: Outcome, size: number): ToRead | undefined;
}

/**
 * A phase with what it keeps on the device: parameters laid end to end, the optimizer's state in the same layout, the gradients that
 * wait for others. Forward, backward and update are one plan, or are cut between gradients and update where something stands there.
 */
export class PhaseRun<B> {
  readonly phase: Phase<B>;
  #trainable: Trainable;
  #accumulated: VariableTree<Accumulated> | undefined;
  readonly #host: PhaseHost<B>;
  readonly #cut: boolean;
  #step!: Captured<[DeviceBatch<B>], unknown>;
  #mean!: Captured<[], Gradients>;
  #update!: Captured<[Gradients], void>;
  /** Batches since the last update. */
  #batches = 0;

  constructor(phase: Phase<B>, host: PhaseHost<B>) {
    this.phase = phase;
    this.#host = host;
    this.#cut = (phase.accumulate ?? 1) > 1 || phase.exchange !== undefined;
    const variables = host.variables(phase);
    this.#trainable = new Trainable(phase.name, variables, phase.optimizer, [Object.keys(variables)]);
    this.#layOut();
  }

  get trainable(): Trainable {
    return this.#trainable;
  }

  /** Lays out what trains now, with another optimizer or the one before: state is kept by path, new state begins at its first step. */
  relayOut(optimizer: Optimizer, generations?: readonly (readonly string[])[]): void {
    const before = this.#trainable;
    const variables = this.#host.variables(this.phase);
    this.#trainable = generations
      ? new Trainable(this.phase.name, variables, optimizer, generations)
      : Trainable.after(before, this.phase.name, variables, optimizer);
    this.#dispose(before);
    this.#layOut();
  }

  #layOut(): void {
    if (this.#cut) this.#accumulated = new VariableTree(`${this.phase.name}.gradients`, () => this.#nothing());
    this.#batches = 0;
    const { step } = this.#host;
    this.#step = step((batch: DeviceBatch<B>) => this.#learn(batch));
    this.#mean = step(() => this.#meanGradients());
    this.#update = step((gradients: Gradients) => this.#move(gradients, this.#trainable.flat.read()));
  }

  /** Learns from a batch; what the host is to read of it comes back. */
  async learn(batch: DeviceBatch<B>, options: WarmUpOptions): Promise<ToRead | undefined> {
    const run = await this.#step.warmUp([batch], options);
    const told = run() as ToRead | undefined;
    if (this.#accumulated && ++this.#batches >= (this.phase.accumulate ?? 1)) await this.#updateByMean(options);
    return told;
  }

  async #updateByMean(options: WarmUpOptions): Promise<void> {
    this.#batches = 0;
    const mean = (await this.#mean.warmUp([], options))();
    const given = [mean];
    try {
      const gradients = this.phase.exchange ? await this.phase.exchange(mean) : mean;
      if (gradients !== mean) given.push(gradients);
      (await this.#update.warmUp([gradients], options))();
    } finally {
      for (const tree of given) treeMap((leaf: Tensor) => leaf.dispose(), tree);
    }
  }

  #learn({ tensors, lengths, size }: DeviceBatch<B>): ToRead | undefined {
    const { flat, variables } = this.#trainable;
    const parameters = flat.read();
    const [[, outcome], byVariable] = valueAndGrad(
      () => {
        const outcome = this.#host.outcome(this.phase, masked({ tensors, lengths }));
        return [outcome.loss, outcome] as const;
      },
      { hasAux: true },
    )(variables);
    const gradients = flat.flatten(byVariable);
    if (this.#accumulated) this.#accumulate(this.#accumulated, gradients, outcome.weight ?? size);
    else this.#move(gradients, parameters);
    return this.#host.observe(this.phase, outcome, size);
  }

  #accumulate(accumulated: VariableTree<Accumulated>, gradients: Gradients, share: Tensor | number): void {
    const { count, weight, sums } = accumulated.read();
    const add = (sum: Tensor, g: Tensor): Tensor => sum.add(g.mul(share));
    accumulated.assign({ count: count.add(1), weight: weight.add(share), sums: treeMap(add, sums, gradients) });
  }

  #meanGradients(): Gradients {
    const { weight, sums } = this.#accumulated!.read();
    const mean = treeMap((sum: Tensor) => sum.div(weight.maximum(1e-30).astype(sum.dtype)), sums);
    this.#accumulated!.assign(this.#nothing());
    return mean;
  }

  #nothing(): Accumulated {
    const sums = treeMap((x: Tensor) => zerosLike(x), this.#trainable.flat.read());
    return { count: zeros([], { dtype: 'int32' }), weight: zeros([]), sums };
  }

  #move(gradients: Gradients, parameters: Gradients): void {
    this.#trainable.update(this.phase.transform?.(gradients) ?? gradients, parameters);
    for (const [variable, constraint] of this.#host.constrained(this.phase)) variable.assign(constraint(variable.read()));
  }

  /** What goes on from step to step, by name. */
  get states(): readonly VariableTree<unknown>[] {
    return [this.#trainable.state, ...(this.#accumulated ? [this.#accumulated] : [])] as VariableTree<unknown>[];
  }

  /** Says how many batches the gradients that wait are of, after these were put back. */
  set batches(batches: number) {
    this.#batches = batches;
  }

  #dispose(trainable: Trainable): void {
    for (const held of [this.#step, this.#mean, this.#update, trainable, this.#accumulated]) held?.dispose();
  }

  dispose(): void {
    this.#dispose(this.#trainable);
  }
}
