import type { AnyModule, CallContext } from '@tessera/layers';
import type { Optimizer } from '@tessera/optim';
import type { Tensor } from '@tessera/tensor';

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
