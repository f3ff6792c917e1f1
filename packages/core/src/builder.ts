import type { DType } from './dtype.ts';
import type { Composite, Spec } from './op.ts';
import {
  type Binary,
  type Comparison,
  type ConvolutionAttributes,
  comparisons,
  floatUnary,
  type LogicalBinary,
  logicalBinary,
  type NumberBinary,
  numberBinary,
  numberUnary,
  type Primitive,
  type PrimitiveAttributes,
  type Reduction,
  type Unary,
} from './primitives/attributes.ts';
import { normalizeAxes, normalizeAxis } from './axis.ts';
import { sameShape, type Shape } from './shape.ts';

/** How a builder makes ops: the eager door, a tracer, or the shape rules alone. */
export interface Emit<T extends Spec> {
  <K extends Primitive>(op: K, inputs: readonly T[], attributes: PrimitiveAttributes[K]): readonly T[];
  <A>(op: Composite<A>, inputs: readonly T[], attributes: A): readonly T[];
}

type Operand<T> = T | number;
type UnaryMethods<T> = { [K in Unary | 'logicalNot' | 'isNaN' | 'copy']: (x: T) => T };
type BinaryMethods<T> = { [K in NumberBinary | Comparison | LogicalBinary]: (a: Operand<T>, b: Operand<T>) => T };
type ReduceMethods<T> = {
  [K in Reduction | 'argmax' | 'argmin']: (x: T, axes?: number | readonly number[], keepDims?: boolean) => T;
};

/**
 * Makes ops, for decompositions and gradient rules. Numbers stand for scalars of the other operand's dtype; operands
 * already have one dtype, because the user's function has promoted them.
 */
export interface Builder<T extends Spec> extends UnaryMethods<T>, BinaryMethods<T>, ReduceMethods<T> {
  /** Runs a composite with one output. */
  apply<A>(op: Composite<A>, inputs: readonly T[], attributes: A): T;
  /** Runs a composite. */
  applyAll<A>(op: Composite<A>, inputs: readonly T[], attributes: A): readonly T[];
  /** Runs any primitive. */
  primitive<K extends Primitive>(op: K, inputs: readonly T[], attributes: PrimitiveAttributes[K]): readonly T[];
  fill(value: number, shape: Shape, dtype: DType): T;
  cast(x: T, dtype: DType): T;
  select(condition: T, a: Operand<T>, b: Operand<T>): T;
  reshape(x: T, shape: Shape): T;
  broadcast(x: T, shape: Shape): T;
  transpose(x: T, permutation: readonly number[]): T;
  slice(x: T, starts: readonly number[], shape: Shape, steps?: readonly number[]): T;
  flip(x: T, axes: readonly number[]): T;
  pad(x: T, edges: readonly (readonly [number, number])[], value?: number, interior?: readonly number[]): T;
  concat(xs: readonly T[], axis: number): T;
  window(x: T, attributes: PrimitiveAttributes['window']): T;
  matmul(a: T, b: T): T;
  convolution(x: T, kernel: T, attributes: ConvolutionAttributes): T;
  gather(x: T, indices: T, axis: number): T;
  scatter(x: T, indices: T, updates: T, attributes: PrimitiveAttributes['scatter']): T;
  cumsum(x: T, axis: number): T;
  /** 0, 1, 2, … along `axis` of `shape`, as a cumulative sum of ones. */
  iota(shape: Shape, axis: number, dtype: DType): T;
  /** Sums the axes that broadcasting had stretched: the adjoint of `broadcast`. */
  sumTo(x: T, shape: Shape): T;
}

/** A builder over any way of making ops. */
export function makeBuilder<T extends Spec>(emit: Emit<T>): Builder<T> {
  const one = <K extends Primitive>(op: K, inputs: readonly T[], attributes: PrimitiveAttributes[K]): T => emit(op, inputs, attributes)[0]!;
  const scalar = (value: number, dtype: DType): T => one('fill', [], { value, shape: [], dtype });
  const pair = (a: Operand<T>, b: Operand<T>): [T, T] => {
    if (typeof a === 'number') return [scalar(a, (b as T).dtype), b as T];
    return [a, typeof b === 'number' ? scalar(b, a.dtype) : b];
  };

  const methods: Record<string, unknown> = {};
  for (const op of [...floatUnary, ...numberUnary, 'logicalNot', 'isNaN', 'copy'] as const) {
    methods[op] = (x: T) => one(op, [x], {});
  }
  for (const op of [...numberBinary, ...comparisons, ...logicalBinary] as Binary[]) {
    methods[op] = (a: Operand<T>, b: Operand<T>) => one(op, pair(a, b), {});
  }
  for (const op of ['sum', 'prod', 'max', 'min', 'argmax', 'argmin'] as const) {
    methods[op] = (x: T, axes?: number | readonly number[], keepDims = false) =>
      one(op, [x], { axes: normalizeAxes(op, axes, x.shape), keepDims });
  }

  const builder: Omit<Builder<T>, keyof UnaryMethods<T> | keyof BinaryMethods<T> | keyof ReduceMethods<T>> = {
    apply: (op, inputs, attributes) => emit(op, inputs, attributes)[0]!,
    applyAll: emit,
    primitive: emit,
    fill: (value, shape, dtype) => one('fill', [], { value, shape, dtype }),
    cast: (x, dtype) => (x.dtype === dtype ? x : one('cast', [x], { dtype })),
    select: (condition, a, b) => one('select', [condition, ...pair(a, b)], {}),
    reshape: (x, shape) => (sameShape(x.shape, shape) ? x : one('reshape', [x], { shape })),
    broadcast: (x, shape) => (sameShape(x.shape, shape) ? x : one('broadcast', [x], { shape })),
    transpose: (x, permutation) => one('transpose', [x], { permutation }),
    slice: (x, starts, shape, steps = x.shape.map(() => 1)) => one('slice', [x], { starts, steps, shape }),
    flip: (x, axes) => one('flip', [x], { axes }),
    pad: (x, edges, value = 0, interior = x.shape.map(() => 0)) => one('pad', [x], { edges, interior, value }),
    concat: (xs, axis) => one('concat', xs, { axis: normalizeAxis('concat', axis, xs[0]!.shape) }),
    window: (x, attributes) => one('window', [x], attributes),
    matmul: (a, b) => one('matmul', [a, b], {}),
    convolution: (x, kernel, attributes) => one('convolution', [x, kernel], attributes),
    gather: (x, indices, axis) => one('gather', [x, indices], { axis }),
    scatter: (x, indices, updates, attributes) => one('scatter', [x, indices, updates], attributes),
    cumsum: (x, axis) => one('cumsum', [x], { axis }),
    iota(shape, axis, dtype) {
      const along = one('fill', [], { value: 1, shape: [shape[axis]!], dtype });
      const count = one('sub', [one('cumsum', [along], { axis: 0 }), scalar(1, dtype)], {});
      const aligned = one('reshape', [count], { shape: shape.map((length, a) => (a === axis ? length : 1)) });
      return this.broadcast(aligned, shape);
    },
    sumTo(x, shape) {
      if (sameShape(x.shape, shape)) return x;
      const lead = x.shape.length - shape.length;
      const axes = x.shape.flatMap((length, a) => (a < lead || (shape[a - lead] === 1 && length !== 1) ? [a] : []));
      const summed = one('sum', [x], { axes, keepDims: false });
      return this.reshape(summed, shape);
    },
  };
  return Object.assign(methods, builder) as unknown as Builder<T>;
}
