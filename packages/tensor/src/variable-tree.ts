import { tidy } from './scope.ts';
import type { Tensor } from './tensor.ts';
import { treeLeaves, treeMap } from '@tessera/core';
import { Variable } from './variable.ts';

/**
 * A tree of tensors kept in variables from step to step: an optimizer's state, a metric's. In a captured step reading it
 * makes inputs, and assigning it outputs.
 *
 * @example
 * const state = new VariableTree('optimizer', () => optimizer.init(parameters))
 * state.assign(optimizer.update(gradients, state.read(), parameters).state)
 */
export class VariableTree<S> {
  readonly name: string;
  readonly #variables: unknown;
  readonly #initial: () => S;

  /** `initial` makes the first values, and again at each {@link reset}; variables that do not train. */
  constructor(name: string, initial: () => S) {
    this.name = name;
    this.#initial = () => tidy(initial);
    let index = 0;
    this.#variables = treeMap((value: Tensor) => {
      const variable = new Variable(value, { name: `${name}.${index++}`, trainable: false });
      value.dispose();
      return variable;
    }, this.#initial());
  }

  get variables(): readonly Variable[] {
    return treeLeaves(this.#variables) as Variable[];
  }

  read(): S {
    return treeMap((variable: Variable) => variable.read(), this.#variables) as S;
  }

  assign(state: S): void {
    treeMap((variable: Variable, value: Tensor) => variable.assign(value), this.#variables, state);
  }

  /** Back to the first state. */
  reset(): void {
    const values = treeLeaves(this.#initial()) as Tensor[];
    this.variables.forEach((variable, i) => variable.assign(values[i]!));
    for (const value of values) value.dispose();
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
  }
}
