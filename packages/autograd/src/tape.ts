import { type Composite, isFloat, opName, UsageError } from '@tessera/core';
import { builderOf, type OpEvent, type Recorder, type Tensor, type Variable } from '@tessera/tensor';
import type { Rule, Rules } from './rule.ts';

/** Writes down the ops that lead from watched tensors and variables, and walks back along them. */
export class Tape implements Recorder {
  readonly retains = true;
  readonly #tracked: Set<Tensor> = new Set();
  /** The first value that was read of each. */
  readonly #reads: Map<Variable, Tensor> = new Map();
  readonly #watched: Set<Variable> = new Set();
  /** Of values that were read again, the first: gradients add up there in one order, whether a read gives a handle of its own or not. */
  readonly #first: Map<Tensor, Tensor> = new Map();
  readonly #events: OpEvent[] = [];
  readonly #rules: Rules;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Gradients will reach this tensor. */
  watch(tensor: Tensor): void {
    if (isFloat(tensor.dtype)) this.#tracked.add(tensor);
  }

  /** Gradients will reach this variable, wherever it is read. */
  watchVariable(variable: Variable): void {
    this.#watched.add(variable);
  }

  accepts(op: Composite<unknown>, inputs: readonly Tensor[]): boolean {
    return op.vjp !== undefined || !inputs.some((input) => this.#tracked.has(input));
  }

  record(event: OpEvent): void {
    if (!event.inputs.some((input) => this.#tracked.has(input))) return;
    this.#events.push(event);
    for (const output of event.outputs) this.watch(output);
  }

  read(variable: Variable, value: Tensor): void {
    if (!this.#watched.has(variable)) return;
    const first = this.#reads.get(variable);
    if (!first) this.#reads.set(variable, value);
    else if (first !== value) this.#first.set(value, first);
    this.watch(value);
  }

  /** What is assigned is no longer the value that gradients are asked for. */
  assign(variable: Variable): void {
    this.#watched.delete(variable);
  }

  /** dL/d(source) for each source, given dL/d(output); `undefined` where the outputs do not depend on it. */
  gradients(
    outputs: readonly Tensor[],
    cotangents: readonly (Tensor | undefined)[],
    sources: readonly (Tensor | Variable)[],
  ): (Tensor | undefined)[] {
    const sums = new Map<Tensor, Tensor>();
    const accumulate = (read: Tensor, gradient: Tensor): void => {
      const tensor = this.#first.get(read) ?? read;
      const sum = sums.get(tensor);
      sums.set(tensor, sum ? builderOf(gradient.device).add(sum, gradient) : gradient);
    };
    outputs.forEach((output, i) => {
      const cotangent = cotangents[i];
      if (cotangent && this.#tracked.has(output)) accumulate(output, cotangent);
    });
    for (let i = this.#events.length - 1; i >= 0; i--) {
      const { op, inputs, attributes, outputs: made } = this.#events[i]!;
      const incoming = made.map((output) => sums.get(output));
      if (!incoming.some(Boolean)) continue;
      const rule = (typeof op === 'string' ? this.#rules[op] : op.vjp) as Rule<unknown> | undefined;
      if (!rule) throw new UsageError(`[${opName(op)}] has no gradient rule and was not expanded`);
      const b = builderOf(made[0]!.device);
      const wanted = inputs.map((input) => this.#tracked.has(input));
      const gradients = rule(b, { inputs, outputs: made, attributes, cotangents: incoming, wanted });
      inputs.forEach((input, at) => {
        const gradient = gradients[at];
        if (gradient && wanted[at]) accumulate(input, gradient);
      });
    }
    return sources.map((source) => sums.get(this.#reads.get(source as Variable) ?? (source as Tensor)));
  }
}
