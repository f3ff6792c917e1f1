import { valueAndGrad } from '@tessera/autograd';
import { StateError } from '@tessera/core';
import type { Batch } from '@tessera/data';
import type { RawTensor } from '@tessera/formats';
import { fromRawTensor, type Module, penalty, setWeights } from '@tessera/layers';
import type { Metric } from '@tessera/metrics';
import { applyUpdates, type Parameters } from '@tessera/optim';
import { Random, tensor, type Tensor, type Variable, VariableTree, zeros } from '@tessera/tensor';
import { Measurement } from './measurement.ts';
import type { CompileOptions } from './options.ts';
import { asFloat, runStep, type Step, stepOf } from './step.ts';

/**
 * What a trainer keeps on the device while it learns: the optimizer's state, the counter of random numbers, the metrics'
 * states; and the step (forward, backward, update, metrics) that updates them.
 */
export class Learner {
  readonly measurement: Measurement;
  readonly #model: Module;
  readonly #options: CompileOptions;
  readonly #trainable: Readonly<Record<string, Variable>>;
  readonly #optimizerState: VariableTree<unknown>;
  readonly #counter: VariableTree<Tensor>;
  readonly #step: Step;

  /** The model must be built. */
  constructor(model: Module, options: CompileOptions, metrics: readonly Metric[]) {
    this.#model = model;
    this.#options = options;
    this.#trainable = model.trainableVariables();
    this.#optimizerState = new VariableTree<unknown>('optimizer', () => options.optimizer.init(this.#parameters()));
    this.#counter = new VariableTree<Tensor>('counter', () => zeros([2], { dtype: 'int32' }));
    this.measurement = new Measurement(metrics);
    this.#step = stepOf((x: Tensor, y: Tensor, weight: Tensor) => this.#learn(x, y, weight), options);
  }

  learn(batch: Batch): void {
    runStep(this.#step, batch);
  }

  #learn(x: Tensor, y: Tensor, weight: Tensor): void {
    const { loss, optimizer, seed = 0 } = this.#options;
    const counter = this.#counter.read();
    const random = new Random(seed, { counter });
    const [[value, prediction], gradients] = valueAndGrad(
      () => {
        const output = this.#model.apply(asFloat(x), { training: true, random });
        return [lossOf(this.#model, loss(output, y, { sampleWeight: weight })), output] as const;
      },
      { hasAux: true },
    )(this.#trainable);
    const parameters = this.#parameters();
    const { updates, state } = optimizer.update(gradients as Parameters, this.#optimizerState.read(), parameters);
    const next = applyUpdates(parameters, updates) as Record<string, Tensor>;
    for (const [path, variable] of Object.entries(this.#trainable)) variable.assign(next[path]!);
    this.#optimizerState.assign(state);
    this.#counter.assign(counter.add(tensor(Int32Array.of(1, 0), { backend: counter.backend })));
    this.measurement.update(value, prediction, y, weight);
  }

  #parameters(): Record<string, Tensor> {
    return Object.fromEntries(Object.entries(this.#trainable).map(([path, variable]) => [path, variable.read()]));
  }

  /** Every variable that going on needs, by its name in saved states. */
  variables(): [string, Variable][] {
    const own = [...this.#optimizerState.variables, ...this.#counter.variables, ...this.measurement.variables];
    return [
      ...Object.entries(this.#model.variables()).map(([path, variable]): [string, Variable] => [`model.${path}`, variable]),
      ...own.map((variable): [string, Variable] => [`state.${variable.name}`, variable]),
    ];
  }

  /** Goes back to saved values. @throws StateError if they are not of a trainer like this one; then nothing changes. */
  assign(tensors: ReadonlyMap<string, RawTensor>): void {
    const own = this.variables().filter(([path]) => path.startsWith('state.'));
    const missing = own.find(([path, { shape }]) => tensors.get(path)?.shape.join() !== shape.join());
    if (missing) throw new StateError(`[restore] the state must be of a trainer like this one: got none that fits ${missing[0]}`);
    setWeights(this.#model, new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('model.') ? [[path.slice(6), raw]] : []))));
    for (const [path, variable] of own) {
      const value = fromRawTensor(tensors.get(path)!, { backend: variable.peek().backend });
      variable.assign(value);
      value.dispose();
    }
  }

  dispose(): void {
    for (const held of [this.#step, this.#optimizerState, this.#counter, this.measurement]) held.dispose();
  }
}

/** The loss with the penalties of the model's regularizers. */
export function lossOf(model: Module, loss: Tensor): Tensor {
  const extra = penalty(model);
  return extra ? loss.add(extra) : loss;
}
