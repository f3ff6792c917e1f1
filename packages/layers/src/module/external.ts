import { within } from '@tessera/tensor';
import type { Given } from './context.ts';
import type { Module } from './module.ts';

/** A module that another one calls without owning it. */
export class External<I, O> {
  readonly #module: Module<I, O>;

  constructor(module: Module<I, O>) {
    this.#module = module;
  }

  /** Calls the module as one of its own: nothing is inherited, so it does not train unless this says so. */
  apply(x: I, given?: Given): O {
    return within({ context: undefined }, () => this.#module.apply(x, given));
  }
}

/**
 * Wraps a module that is called inside another one but is no part of it: a teacher, a fixed loss network. It is not trained, saved or
 * counted with that other one.
 *
 * @example
 * class Student extends Module {
 *   readonly #teacher = external(teacher);
 *   …
 * }
 */
export function external<I, O>(module: Module<I, O>): External<I, O> {
  return new External(module);
}
