import { UsageError } from '@tessera/core';
import { applyUpdates, type Optimizer } from '@tessera/optim';
import { FlatParameters, tensor, type Tensor, tidy, type Variable, VariableTree } from '@tessera/tensor';
import { nameState } from './flat-state.ts';
import type { Gradients } from './phase.ts';

/**
 * Parameters with the optimizer's state: laid end to end in flat vectors, in which the optimizer updates them at once.
 *
 * Parameters that were set free while others had been trained already are a generation of their own, whose state begins at its first
 * step; a generation is updated by itself.
 */
export class Trainable {
  readonly variables: Readonly<Record<string, Variable>>;
  readonly optimizer: Optimizer;
  /** The paths of parameters that began together, those that began first in front. */
  readonly generations: readonly (readonly string[])[];
  readonly flat: FlatParameters;
  readonly state: VariableTree<readonly unknown[]>;
  readonly #generationOf: ReadonlyMap<string, number>;
  /** The learning rate in the state, where it is not the optimizer's. */
  #rate: number | undefined;

  constructor(
    name: string,
    variables: Readonly<Record<string, Variable>>,
    optimizer: Optimizer,
    generations: readonly (readonly string[])[],
  ) {
    if (Object.keys(variables).length === 0) {
      throw new UsageError(
        `[${name}] there must be parameters to train: all are frozen. Set module.trainable = true on what is to be trained.`,
      );
    }
    this.variables = variables;
    this.optimizer = optimizer;
    this.generations = generations;
    const generationOf = new Map(generations.flatMap((paths, i) => paths.map((path) => [path, i] as const)));
    this.#generationOf = generationOf;
    const groupOf = (path: string): string | undefined => {
      const group = optimizer.groupOf?.(path);
      return group === undefined ? undefined : `${generationOf.get(path)} ${group}`;
    };
    this.flat = new FlatParameters(variables, { groupOf });
    this.state = new VariableTree<readonly unknown[]>(name, () => this.#split(this.flat.read()).map((part) => optimizer.init(part)));
  }

  /** Parameters of which some were trained before, with the state that these had. */
  static after(before: Trainable, name: string, variables: Readonly<Record<string, Variable>>, optimizer: Optimizer): Trainable {
    const stay = before.generations
      .map((paths) => paths.filter((path) => Object.hasOwn(variables, path)))
      .filter((paths) => paths.length > 0);
    const known = new Set(stay.flat());
    const added = Object.keys(variables).filter((path) => !known.has(path));
    const next = new Trainable(name, variables, optimizer, added.length > 0 ? [...stay, added] : stay);
    next.#takeOver(before);
    if (optimizer === before.optimizer && before.#rate !== undefined) next.setLearningRate(before.#rate);
    return next;
  }

  // By name: where the optimizer is of another kind nothing of a generation is kept.
  #takeOver(before: Trainable): void {
    tidy(() => {
      const states = this.state.read().map((state, i) => {
        const from = before.generations.findIndex((paths) => paths.includes(this.generations[i]![0]!));
        if (from < 0) return state;
        const { leaves, rebuild } = nameState(state, this.flat);
        const old = nameState(before.state.read()[from], before.flat).leaves;
        const sameKind = [...leaves].every(([name, leaf]) => old.get(name)?.shape.join() === leaf.shape.join());
        const given = (name: string, leaf: Tensor): Tensor => (isRate(name) && before.optimizer !== this.optimizer ? leaf : old.get(name)!);
        return sameKind ? rebuild(new Map([...leaves].map(([name, leaf]) => [name, given(name, leaf)]))) : state;
      });
      this.state.assign(states);
    });
  }

  /** Updates the parameters along gradients, from what they are. */
  update(gradients: Gradients, parameters: Gradients): void {
    const [parts, values, states] = [this.#split(gradients), this.#split(parameters), this.state.read()];
    const results = parts.map((part, i) => this.optimizer.update(part, states[i], values[i]!));
    const updated = results.map(({ updates }, i) => applyUpdates(values[i]!, updates as Gradients));
    this.flat.assign(Object.assign({}, ...updated) as Record<string, Tensor>);
    this.state.assign(results.map(({ state }) => state));
  }

  /** The vectors of each generation. */
  #split(vectors: Gradients): Record<string, Tensor>[] {
    const parts = this.generations.map((): Record<string, Tensor> => ({}));
    for (const [path, vector] of Object.entries(vectors)) parts[this.#generationOf.get(path)!]![path] = vector;
    return parts;
  }

  /** The learning rate or its schedule; `undefined` where groups have their own. */
  get learningRate(): Optimizer['learningRate'] {
    return this.#rate ?? this.optimizer.learningRate;
  }

  /** Notes the learning rates of a state that was put back: where they are one, and not the optimizer's, one was set. */
  noteLearningRates(rates: readonly number[]): void {
    const [rate] = rates;
    const own = this.optimizer.learningRate;
    const set = rates.every((other) => other === rate) && !(typeof own === 'number' && Math.fround(own) === rate);
    this.#rate = set ? rate : undefined;
  }

  /** Sets the learning rates in the state; whether there are any. */
  setLearningRate(learningRate: number): boolean {
    return tidy(() => {
      let found = false;
      const states = this.state.read().map((state) => {
        const { leaves, rebuild } = nameState(state, this.flat);
        return rebuild(
          new Map(
            [...leaves].map(([name, leaf]) => {
              found ||= isRate(name);
              return [name, isRate(name) ? tensor(learningRate, { backend: leaf.backend }) : leaf];
            }),
          ),
        );
      });
      if (found) {
        this.state.assign(states);
        this.#rate = learningRate;
      }
      return found;
    });
  }

  dispose(): void {
    this.state.dispose();
  }
}

/** Whether a leaf of an optimizer's state is a learning rate. */
export function isRate(name: string): boolean {
  return name === 'learningRate' || name.endsWith('.learningRate');
}
