import type { Builder } from './builder.ts';
import type { DType } from './dtype.ts';
import type { Primitive, PrimitiveAttributes } from './primitives/attributes.ts';
import type { Shape } from './shape.ts';
import type { View } from './view.ts';

/** What is known of a tensor before it is computed. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A primitive's row in the op table. */
export interface PrimitiveRow<A> {
  /** Each output element comes from the input elements at the same place: such ops can be fused and run in place. */
  readonly elementwise?: true;
  /** For each output, the inputs, by place, that kernels may write it over: each element there is read for the last time before. */
  overwrites?(attributes: A, inputs: number): readonly (readonly number[])[];
  /** Folds axes into one value. */
  readonly reduces?: true;
  /** Kernels take any strides; otherwise inputs arrive in row-major order without gaps. */
  readonly strided?: true;
  /** Works on the bytes alone, so on every dtype. */
  readonly movesBytes?: true;
  /** Draws random numbers, so two calls alike are still merged only when their keys and counters are one. */
  readonly random?: true;
  /** Outputs' shapes and dtypes, or an error that says what was wrong. Inputs already have one dtype where they must. */
  infer(inputs: readonly Spec[], attributes: A): readonly Spec[];
  /** The output as a view of the input's buffer; `undefined` where that needs a contiguous copy first. */
  readonly view?: (input: View, attributes: A) => View | undefined;
}

/** The inputs, outputs and cotangents from which a gradient rule works. */
export interface Pullback<T, A> {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  /** dL/d(output); `undefined` for an output that the loss does not depend on. */
  readonly cotangents: readonly (T | undefined)[];
  readonly attributes: A;
  /** For each input, whether its gradient is asked for: a rule may leave out what costs much. Without it, all are. */
  readonly wanted?: readonly boolean[];
}

/** An op made of other ops. A backend may have a kernel of the same name; everywhere else the decomposition runs. */
export interface Composite<A = never> {
  /** Unique; a plugin's ops carry the npm scope: `@scope/name`. */
  readonly name: string;
  /** Each output element comes from the input elements at the same place: such ops can be fused and run in place. */
  readonly elementwise?: true;
  /** For each output, the inputs, by place, that kernels may write it over: each element there is read for the last time before. */
  overwrites?(attributes: A, inputs: number): readonly (readonly number[])[];
  /** Kernels take any strides; otherwise inputs arrive in row-major order without gaps. */
  readonly strided?: true;
  /** Inputs, by place, that kernels also take where they repeat one element (all strides 0). */
  readonly repeats?: 'all' | readonly number[];
  /** Rejects bad input before anything runs; shapes and dtypes of the outputs follow from the decomposition. */
  check?(inputs: readonly Spec[], attributes: A): void;
  /** What {@link decompose} would give, for those whose decomposition is long. */
  infer?(inputs: readonly Spec[], attributes: A): readonly Spec[];
  decompose<T extends Spec>(b: Builder<T>, inputs: readonly T[], attributes: A): readonly T[];
  /** Gradients of the inputs; without a rule, the decomposition is differentiated. */
  vjp?<T extends Spec>(b: Builder<T>, pullback: Pullback<T, A>): readonly (T | undefined)[];
}

/** Declares a composite op; the identity function, for inference of the attribute type. */
export function defineOp<A>(op: Composite<A>): Composite<A> {
  return op;
}

/** A call of an op as the door takes it. */
export type Call<T> =
  | { [K in Primitive]: { op: K; inputs: readonly T[]; attributes: PrimitiveAttributes[K] } }[Primitive]
  | { op: Composite<unknown>; inputs: readonly T[]; attributes: unknown };
