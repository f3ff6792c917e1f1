import { type Composite, isFloat, opName, UsageError } from '@tessera/core';
import { builderOf, type OpEvent, type Recorder, type Tensor, type Variable } from '@tessera/tensor';
import type { Rule, Rules } from './rule.ts';

/** Writes down the ops that lead from watched tensors and variables, and walks back along them. */
export class Tape implements Recorder {
  readonly retains = true;
  readonly #tracked: Set<Tensor> = new Set();
  readonly #variables: Map<Variable, Set<Tensor>> = new Map();
  readonly #assigned: Map<Variable, Set<Tensor>> = new Map();
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
    if (!this.#variables.has(variable)) this.#variables.set(variable, new Set());
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
    const reads = this.#variables.get(variable);
    if (!reads) return;
    reads.add(value);
    this.watch(value);
  }

  /** What is assigned is no longer the value that gradients are asked for. */
  assign(variable: Variable): void {
    const reads = this.#variables.get(variable);
    if (!reads) return;
    this.#variables.delete(variable);
    this.#assigned.set(variable, reads);
  }

  /** dL/d(source) for each source, given dL/d(output); `undefined` where the outputs do not depend on it. */
  gradients(
    outputs: readonly Tensor[],
    cotangents: readonly (Tensor | undefined)[],
    sources: readonly (Tensor | Variable)[],
  ): (Tensor | undefined)[] {
    const sums = new Map<Tensor, Tensor>();
    const accumulate = (tensor: Tensor, gradient: Tensor): void => {
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
    return sources.map((source) => {
      const reads = this.#variables.get(source as Variable) ?? this.#assigned.get(source as Variable);
      if (!reads) return sums.get(source as Tensor);
      const parts = [...reads].flatMap((read) => sums.get(read) ?? []);
      return parts.length ? parts.reduce((sum, part) => builderOf(part.device).add(sum, part)) : undefined;
    });
  }
}
