import { UsageError } from '@tessera/core';
import { type AnyModule, type CallContext, isModule } from '@tessera/layers';
import type { Optimizer } from '@tessera/optim';
import { isTensor, type Tensor } from '@tessera/tensor';

/** What an objective says of a batch. */
export interface Outcome {
  /** A scalar. */
  readonly loss: Tensor;
  /** What the loss is the mean over, a scalar (default: the number of examples): batches count by it in an epoch's logs and in accumulated gradients. */
  readonly weight?: Tensor | undefined;
  /** What metrics compare, trees of one structure. */
  readonly predictions?: unknown;
  readonly targets?: unknown;
  /** Weights of the examples in metrics. */
  readonly sampleWeight?: Tensor | undefined;
  /** Other scalars to report, as means over the epoch. */
  readonly logs?: Readonly<Record<string, Tensor>> | undefined;
}

/** What is learned from a batch: a synchronous function of tensors, in which modules inherit the context. */
export type Objective<B> = (batch: B, context: CallContext) => Outcome;

/** Gradients by the vectors in which parameters lie. */
export type Gradients = Readonly<Record<string, Tensor>>;

/** One part of a training step: some parameters, moved by one optimizer along the gradients of one objective. */
export interface Phase<B> {
  readonly name: string;
  /** The modules whose trainable variables are updated. */
  readonly parameters: AnyModule | readonly AnyModule[];
  readonly optimizer: Optimizer;
  readonly objective: Objective<B>;
  /** How often it runs in each step (default 1). */
  readonly repeat?: number | undefined;
  /** How many steps make one update, by the mean of their gradients over all examples (default 1). What an epoch leaves over goes on in the next. */
  readonly accumulate?: number | undefined;
  /** What is done to the gradients before the optimizer sees them, by tensor operations: a part of the step's plan. */
  readonly transform?: ((gradients: Gradients) => Gradients) | undefined;
  /**
   * What is done to the gradients outside of the plan, which is cut there: their mean over processes or clients. It gets tensors that it
   * may read, and gives others; those that it gives are disposed of.
   */
  readonly exchange?: ((gradients: Gradients) => Promise<Gradients>) | undefined;
}

/** Checks what an objective gave. */
export function expectOutcome(phase: string, outcome: unknown): void {
  const loss = (outcome as Partial<Outcome> | undefined)?.loss;
  if (isTensor(loss)) return;
  const got = outcome instanceof Promise ? 'a Promise' : loss === undefined ? typeof outcome : `a loss of type ${typeof loss}`;
  throw new UsageError(`[Learner] the objective of ${phase} must return { loss }, a tensor, and be synchronous: got ${got}`);
}

/** The modules that a phase trains. */
export function modulesIn({ parameters }: Pick<Phase<never>, 'parameters'>): readonly AnyModule[] {
  return isModule(parameters) ? [parameters] : parameters;
}

/** @throws UsageError for phases that cannot make a step. */
export function checkPhases(models: Readonly<Record<string, AnyModule>>, phases: readonly Phase<never>[]): void {
  const names = [...Object.keys(models), ...phases.map(({ name }) => name)];
  const wrong = names.find((name) => !/^[^.]+$/.test(name));
  if (wrong !== undefined) throw new UsageError(`[Learner] names must not be empty and have no dots: got '${wrong}'`);
  if (phases.length === 0) throw new UsageError('[Learner] there must be a phase: got none');
  if (new Set(phases.map(({ name }) => name)).size < phases.length) throw new UsageError('[Learner] phases must differ in name');
  for (const { name, optimizer, objective, accumulate = 1, repeat = 1 } of phases) {
    expectOptimizer(optimizer);
    if (typeof objective !== 'function') throw new UsageError(`[Learner] objective of ${name} must be a function: got ${typeof objective}`);
    for (const [what, value] of Object.entries({ repeat, accumulate })) {
      if (!Number.isInteger(value) || value < 1)
        throw new UsageError(`[Learner] ${what} of ${name} must be a whole number from 1: got ${value}`);
    }
  }
}

export function expectOptimizer(optimizer: Optimizer): void {
  if (typeof optimizer?.update === 'function' && typeof optimizer.init === 'function') return;
  const given: unknown = optimizer;
  const told = typeof given === 'function' ? `${given.name || 'a function'}, which is to be called` : JSON.stringify(given);
  throw new UsageError(`[compile] optimizer must be an optimizer, such as adam(): got ${told}`);
}
