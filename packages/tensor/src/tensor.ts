import {
  type Backend,
  bytesPerElement,
  type DType,
  isContiguous,
  type Shape,
  type Spec,
  sizeOf,
  typedArray,
  type TypedArray,
} from '@tessera/core';
import type { Device } from './device.ts';
import { formatTensor, type FormatOptions } from './format.ts';
import { type NestedArray, nest } from './nested.ts';
import { type Placement, placementOf } from './placement.ts';
import { currentScope, type Scope } from './scope.ts';
import type { Storage } from './storage.ts';
import * as activation from './ops/activation.ts';
import * as elementwise from './ops/elementwise.ts';
import * as indexing from './ops/indexing.ts';
import * as matrix from './ops/matmul.ts';
import * as movement from './ops/movement.ts';
import { pad } from './ops/padding.ts';
import * as reduction from './ops/reduction.ts';
import * as sorting from './ops/sort.ts';

/** A tensor, or a number that takes the other operand's dtype. */
export type Operand = Tensor | number | boolean;
/** One axis or several; negative ones count from the last. */
export type Axes = number | readonly number[];
/** Options of reductions. */
export interface ReduceOptions {
  /** The axes to fold; all of them by default. */
  readonly axis?: Axes;
  /** Keeps folded axes with length 1 (default `false`). */
  readonly keepDims?: boolean;
}

// Tensors that were never disposed give their memory back when they are collected: the safety net, not the way.
const abandoned = new FinalizationRegistry<Storage>((storage) => storage.release());

/**
 * An n-dimensional array of one dtype on one backend. Operations never change it and never consume it; `tidy` or
 * `dispose` frees its memory. The common operations are methods; all of them are functions.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]])
 * await x.matmul(x).add(1).array() // [[8, 11], [16, 23]]
 */
export class Tensor implements Spec {
  /** Marks tensors: see isTensor. @internal */
  readonly '~tensor' = true;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device: Device;
  /** Where the elements are; nothing for a traced value or after `dispose`. @internal */
  placement: Placement | undefined;
  /** The scope that will free this tensor. @internal */
  scope: Scope | undefined;
  /** Which steps of sequences are real: see `maskOf`. @internal */
  mask: Tensor | undefined;
  #disposed = false;

  /** Use {@link tensor}, `zeros` and the other creation functions. @internal */
  constructor(device: Device, spec: Spec, placement?: Placement) {
    this.device = device;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    if (!placement) return;
    this.placement = placement;
    abandoned.register(this, placement.storage.retain(), this);
    currentScope()?.add(this);
  }

  get backend(): Backend {
    return this.device.backend;
  }
  /** How many axes it has. */
  get rank(): number {
    return this.shape.length;
  }
  /** How many elements it has. */
  get size(): number {
    return sizeOf(this.shape);
  }
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Gives the memory back, once no other view of it is left. Disposing twice does nothing. */
  dispose(): void {
    if (!this.placement) return;
    abandoned.unregister(this);
    this.scope?.remove(this);
    this.placement.storage.release();
    this.placement = undefined;
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Another handle on the same elements. @internal */
  alias(): Tensor {
    return new Tensor(this.device, this, placementOf(this, 'alias'));
  }

  /** The elements in row-major order. Half precisions come as their bits, bool as 0 and 1, int64 as bigint. */
  async data(): Promise<TypedArray> {
    const { storage, view } = placementOf(this, 'data');
    const size = bytesPerElement(this.dtype);
    if (isContiguous(view)) {
      const bytes = await storage.backend.read(storage.buffer, view.offset * size, this.size * size);
      return typedArray(this.dtype, bytes);
    }
    const copy = this.contiguous();
    try {
      return await copy.data();
    } finally {
      copy.dispose();
    }
  }

  /** The one element as a number. @throws ShapeError if there are several. */
  item(): Promise<number> {
    return indexing.item(this);
  }

  /** The elements as numbers in arrays nested like the shape. */
  async array(): Promise<NestedArray> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** The elements printed as NumPy prints them. */
  format(options?: FormatOptions): Promise<string> {
    return formatTensor(this, options);
  }

  toString(): string {
    return `Tensor(${this.dtype} [${this.shape.join(', ')}] on ${this.backend.name}${this.#disposed ? ', disposed' : ''})`;
  }

  /** The same elements in row-major order at the start of their buffer: itself where that is so, else a copy. @internal */
  contiguous(): Tensor {
    const view = this.placement?.view;
    return view?.offset === 0 && isContiguous(view) ? this : movement.copy(this);
  }

  // Arithmetic, NumPy's broadcasting and promotion.
  add(other: Operand): Tensor {
    return elementwise.add(this, other);
  }
  sub(other: Operand): Tensor {
    return elementwise.sub(this, other);
  }
  mul(other: Operand): Tensor {
    return elementwise.mul(this, other);
  }
  div(other: Operand): Tensor {
    return elementwise.div(this, other);
  }
  pow(other: Operand): Tensor {
    return elementwise.pow(this, other);
  }
  maximum(other: Operand): Tensor {
    return elementwise.maximum(this, other);
  }
  minimum(other: Operand): Tensor {
    return elementwise.minimum(this, other);
  }
  neg(): Tensor {
    return elementwise.neg(this);
  }
  abs(): Tensor {
    return elementwise.abs(this);
  }
  exp(): Tensor {
    return elementwise.exp(this);
  }
  log(): Tensor {
    return elementwise.log(this);
  }
  sqrt(): Tensor {
    return elementwise.sqrt(this);
  }
  square(): Tensor {
    return elementwise.square(this);
  }
  reciprocal(): Tensor {
    return elementwise.reciprocal(this);
  }
  astype(dtype: DType): Tensor {
    return elementwise.astype(this, dtype);
  }

  // Comparison.
  equal(other: Operand): Tensor {
    return elementwise.equal(this, other);
  }
  less(other: Operand): Tensor {
    return elementwise.less(this, other);
  }
  greater(other: Operand): Tensor {
    return elementwise.greater(this, other);
  }

  // Activations.
  relu(): Tensor {
    return activation.relu(this);
  }
  sigmoid(): Tensor {
    return activation.sigmoid(this);
  }
  tanh(): Tensor {
    return elementwise.tanh(this);
  }
  softmax(axis?: number): Tensor {
    return activation.softmax(this, axis);
  }
  logSoftmax(axis?: number): Tensor {
    return activation.logSoftmax(this, axis);
  }

  // Reductions.
  sum(options?: ReduceOptions | Axes): Tensor {
    return reduction.sum(this, options);
  }
  mean(options?: ReduceOptions | Axes): Tensor {
    return reduction.mean(this, options);
  }
  prod(options?: ReduceOptions | Axes): Tensor {
    return reduction.prod(this, options);
  }
  max(options?: ReduceOptions | Axes): Tensor {
    return reduction.max(this, options);
  }
  min(options?: ReduceOptions | Axes): Tensor {
    return reduction.min(this, options);
  }
  argmax(axis?: number): Tensor {
    return reduction.argmax(this, axis);
  }
  argmin(axis?: number): Tensor {
    return reduction.argmin(this, axis);
  }
  cumsum(axis?: number): Tensor {
    return reduction.cumsum(this, axis);
  }

  // Movement and indexing.
  reshape(shape: Shape): Tensor {
    return movement.reshape(this, shape);
  }
  flatten(): Tensor {
    return movement.reshape(this, [-1]);
  }
  transpose(axes?: readonly number[]): Tensor {
    return movement.transpose(this, axes);
  }
  get T(): Tensor {
    return movement.transpose(this);
  }
  squeeze(axis?: Axes): Tensor {
    return movement.squeeze(this, axis);
  }
  expandDims(axis: Axes): Tensor {
    return movement.expandDims(this, axis);
  }
  broadcastTo(shape: Shape): Tensor {
    return movement.broadcastTo(this, shape);
  }
  pad(edges: readonly (readonly [number, number])[], value?: number): Tensor {
    return pad(this, edges, value);
  }
  flip(axis?: Axes): Tensor {
    return movement.flip(this, axis);
  }
  /** NumPy's basic indexing: `x.at(0, ':', '1:5:2', [2, null])`. */
  at(...index: readonly indexing.Index[]): Tensor {
    return indexing.at(this, ...index);
  }
  take(indices: Tensor | readonly number[], axis?: number): Tensor {
    return indexing.take(this, indices, axis);
  }

  matmul(other: Tensor): Tensor {
    return matrix.matmul(this, other);
  }
  sort(axis?: number): Tensor {
    return sorting.sort(this, axis);
  }
}
