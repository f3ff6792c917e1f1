import { valueAndGrad } from '@tessera/autograd';
import type { WarmUpOptions } from '@tessera/capture';
import { StateError } from '@tessera/core';
import type { Batch } from '@tessera/data';
import type { RawTensor } from '@tessera/formats';
import { checkWeights, fromRawTensor, type Module, penalty, rawTensor, setWeights, weightsOf } from '@tessera/layers';
import type { Metric } from '@tessera/metrics';
import { applyUpdates } from '@tessera/optim';
import { FlatParameters, Random, tensor, type Tensor, tidy, treeMap, type Variable, VariableTree, zeros, zerosLike } from '@tessera/tensor';
import { flattenState } from './flat-state.ts';
import { Measurement } from './measurement.ts';
import type { CompileOptions } from './options.ts';
import { asFloat, runStep, type Step, stepOf } from './step.ts';

type Vectors = Readonly<Record<string, Tensor>>;

/** Gradients summed over batches, and how many those were. */
interface Accumulated {
  readonly count: Tensor;
  readonly sums: Vectors;
}

/**
 * What a trainer keeps on the device while it learns: the parameters laid end to end, the optimizer's state in the same layout, the
 * counter of random numbers, the metrics' states; and the step that updates them. The step is one plan (forward, backward, update,
 * metrics), or is cut between gradients and update where the gradients of several batches make one update.
 */
export class Learner {
  readonly measurement: Measurement;
  readonly #model: Module;
  readonly #options: CompileOptions;
  readonly #trainable: Readonly<Record<string, Variable>>;
  readonly #flat: FlatParameters;
  readonly #optimizerState: VariableTree<unknown>;
  readonly #accumulated: VariableTree<Accumulated> | undefined;
  readonly #counter: VariableTree<Tensor>;
  readonly #step: Step;
  readonly #updateStep: ReturnType<typeof stepOf<[], void>>;
  /** Batches since the last update. */
  #batches = 0;

  /** The model must be built. */
  constructor(model: Module, options: CompileOptions, metrics: readonly Metric[]) {
    const { optimizer, gradientAccumulationSteps = 1 } = options;
    this.#model = model;
    this.#options = options;
    this.#trainable = model.trainableVariables();
    this.#flat = new FlatParameters(this.#trainable, { groupOf: (path) => optimizer.groupOf?.(path) });
    this.#optimizerState = new VariableTree<unknown>('optimizer', () => optimizer.init(this.#flat.read()));
    if (gradientAccumulationSteps > 1) this.#accumulated = new VariableTree('gradients', () => this.#nothing());
    this.#counter = new VariableTree<Tensor>('counter', () => zeros([2], { dtype: 'int32' }));
    this.measurement = new Measurement(metrics);
    this.#step = stepOf((x: Tensor, y: Tensor, weight: Tensor) => this.#learn(x, y, weight), options);
    this.#updateStep = stepOf(() => this.#updateByMean(), options);
  }

  async learn(batch: Batch, onWarmUp: WarmUpOptions['onProgress']): Promise<void> {
    await runStep(this.#step, batch, onWarmUp);
    if (!this.#accumulated || ++this.#batches < this.#options.gradientAccumulationSteps!) return;
    await this.#updateStep.warmUp([], { onProgress: onWarmUp });
    this.#updateStep();
    this.#batches = 0;
  }

  #learn(x: Tensor, y: Tensor, weight: Tensor): void {
    const { loss, seed = 0 } = this.#options;
    const parameters = this.#flat.read();
    const counter = this.#counter.read();
    const random = new Random(seed, { counter });
    const [[value, prediction], slopes] = valueAndGrad(
      () => {
        const output = this.#model.apply(asFloat(x), { training: true, random });
        return [lossOf(this.#model, loss(output, y, { sampleWeight: weight })), output] as const;
      },
      { hasAux: true },
    )(this.#trainable);
    const gradients = this.#flat.flatten(slopes);
    if (this.#accumulated) this.#accumulate(this.#accumulated, gradients);
    else this.#update(gradients, parameters);
    this.#counter.assign(counter.add(tensor(Int32Array.of(1, 0), { backend: counter.backend })));
    this.measurement.update(value, prediction, y, weight);
  }

  #accumulate(accumulated: VariableTree<Accumulated>, gradients: Vectors): void {
    const { count, sums } = accumulated.read();
    accumulated.assign({ count: count.add(1), sums: treeMap((sum: Tensor, g: Tensor) => sum.add(g), sums, gradients) });
  }

  #updateByMean(): void {
    const { count, sums } = this.#accumulated!.read();
    const divisor = count.astype('float32');
    this.#update(
      treeMap((sum: Tensor) => sum.div(divisor.astype(sum.dtype)), sums),
      this.#flat.read(),
    );
    this.#accumulated!.assign(this.#nothing());
  }

  #nothing(): Accumulated {
    return { count: zeros([], { dtype: 'int32' }), sums: treeMap((x: Tensor) => zerosLike(x), this.#flat.read()) };
  }

  #update(gradients: Vectors, parameters: Vectors): void {
    const { updates, state } = this.#options.optimizer.update(gradients, this.#optimizerState.read(), parameters);
    this.#flat.assign(applyUpdates(parameters, updates));
    this.#optimizerState.assign(state);
  }

  get #kept(): readonly VariableTree<unknown>[] {
    const accumulated = this.#accumulated ? [this.#accumulated] : [];
    return [this.#optimizerState, ...accumulated, this.#counter, ...this.measurement.states] as VariableTree<unknown>[];
  }

  /** Everything that going on needs, by name: what there is for each parameter stands under a name for each. */
  async save(): Promise<Map<string, RawTensor>> {
    const parts = tidy(() =>
      this.#kept.flatMap((tree) =>
        flattenState(tree.read(), this.#flat).leaves.map((leaf, i) => [`state.${tree.name}.${i}`, leaf] as const),
      ),
    );
    try {
      // Waited for together, so that none rejects unseen where the device is lost.
      const [weights, state] = await Promise.all([
        weightsOf(this.#model),
        Promise.all(parts.map(async ([name, leaf]) => [name, await rawTensor(leaf)] as const)),
      ]);
      return new Map([...[...weights].map(([path, raw]) => [`model.${path}`, raw] as const), ...state]);
    } finally {
      for (const [, leaf] of parts) leaf.dispose();
    }
  }

  /** @throws StateError if saved values are not of a trainer like this one. Nothing is read from the device. */
  check(tensors: ReadonlyMap<string, RawTensor>): void {
    checkWeights(this.#model, modelPart(tensors));
    tidy(() => {
      for (const tree of this.#kept) {
        flattenState(tree.read(), this.#flat).leaves.forEach(({ shape }, i) => {
          const name = `state.${tree.name}.${i}`;
          if (tensors.get(name)?.shape.join() === shape.join()) return;
          throw new StateError(`[restore] the state must be of a trainer like this one: got none that fits ${name}`);
        });
      }
    });
  }

  /** Goes back to saved values. @throws StateError if they are not of a trainer like this one; then nothing changes. */
  assign(tensors: ReadonlyMap<string, RawTensor>): void {
    this.check(tensors);
    tidy(() => {
      setWeights(this.#model, modelPart(tensors));
      for (const tree of this.#kept) {
        const { leaves, unflatten } = flattenState(tree.read(), this.#flat);
        tree.assign(unflatten(leaves.map(({ backend }, i) => fromRawTensor(tensors.get(`state.${tree.name}.${i}`)!, { backend }))));
      }
    });
    const count = tensors.get('state.gradients.0')?.data;
    if (this.#accumulated) this.#batches = new DataView(count!.buffer, count!.byteOffset).getInt32(0, true);
  }

  dispose(): void {
    for (const held of [this.#step, this.#updateStep, ...this.#kept]) held.dispose();
  }
}

/** The loss with the penalties of the model's regularizers. */
export function lossOf(model: Module, loss: Tensor): Tensor {
  const extra = penalty(model);
  return extra ? loss.add(extra) : loss;
}

/** The values of the model's variables among those of a state. */
function modelPart(tensors: ReadonlyMap<string, RawTensor>): Map<string, RawTensor> {
  return new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('model.') ? [[path.slice(6), raw]] : [])));
}
