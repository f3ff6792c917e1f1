import { type DType, formatShape, sameShape, type Shape, ShapeError, type Spec } from '@tessera/core';
import { ambient, withNothing } from './ambient.ts';
import type { Arena } from './arena.ts';
import { announceAssign, announceRead } from './door.ts';
import { keep } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** What holds a tensor from step to step: a variable, or the buffer that several lie in. */
export interface Cell extends Spec {
  /** The buffer in which this variable lies beside others. @internal */
  readonly home?: Arena | undefined;
  /** The variables that lie in this buffer. @internal */
  readonly variables?: readonly Variable[];
  /** The cell's own handle, unseen by recorders. @internal */
  peek(): Tensor;
  /** Puts a value into the cell unseen by recorders. @internal */
  replace(value: Tensor): void;
}

/** Stands in for cells while a function is traced: reads become inputs, assigns become outputs. */
export interface StateHandler {
  /** The trace that it belongs to, if any. */
  readonly trace: object | undefined;
  read(cell: Cell): Tensor;
  assign(cell: Cell, value: Tensor): void;
  /** int32 `[2]`: another at each run, for sources of random numbers that are older than the trace and have no counter of their own. */
  readonly counter?: (() => Tensor) | undefined;
}

let trainableChanges = 0;

/** How often variables were frozen or set free: whoever has laid out what trains looks again when this has changed. */
export function trainableVersion(): number {
  return trainableChanges;
}

/** The value of a cell now, a handle of the caller's own. */
export function readCell(cell: Cell): Tensor {
  return ambient().state?.read(cell) ?? cell.peek().alias();
}

/** Puts a value into a cell, at once or when the step that is being traced succeeds. */
export function assignCell(cell: Cell, value: Tensor): void {
  const { state } = ambient();
  if (state) state.assign(cell, value);
  else cell.replace(value);
}

/** Says that something was frozen or set free. @internal */
export function announceTrainable(): void {
  trainableChanges++;
}

/** Options of a {@link Variable}. */
export interface VariableOptions {
  readonly name?: string;
  /** Whether optimizers update it (default `true`); statistics and counters say `false`. */
  readonly trainable?: boolean;
}

/** A named cell that holds a tensor: a parameter, a running statistic, an optimizer slot, a counter. */
export class Variable implements Cell {
  /** Marks variables: see isVariable. @internal */
  readonly '~variable' = true;
  readonly shape: Shape;
  readonly dtype: DType;
  name: string;
  #trainable: boolean;
  /** The buffer in which it lies beside others, if it was given a place in one: see FlatParameters. @internal */
  home: Arena | undefined;
  /** Nothing where the elements are in its home and nobody has asked for a view of them yet. */
  #value: Tensor | undefined;

  /** The cell keeps its own handle on the value; the caller's tensor stays the caller's. */
  constructor(value: Tensor, { name = '', trainable = true }: VariableOptions = {}) {
    this.shape = value.shape;
    this.dtype = value.dtype;
    this.name = name;
    this.#trainable = trainable;
    this.#value = keep(value.alias());
  }

  /** Whether optimizers update it. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(trainable: boolean) {
    if (trainable === this.#trainable) return;
    this.#trainable = trainable;
    announceTrainable();
  }

  /** The value now. It does not change when the variable is assigned. */
  read(): Tensor {
    const value = readCell(this);
    announceRead(this, value);
    return value;
  }

  /** Puts another value of the same shape and dtype into the cell. */
  assign(value: Tensor): void {
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new ShapeError(
        `[assign] a variable keeps its shape and dtype: got ${formatShape(value.shape)} ${value.dtype} for ${this.name || 'variable'} ${formatShape(this.shape)} ${this.dtype}`,
      );
    }
    announceAssign(this, value);
    assignCell(this, value);
  }

  /** @internal */
  peek(): Tensor {
    return (this.#value ??= this.home!.view(this));
  }

  /** @internal */
  replace(value: Tensor): void {
    this.home?.scatter();
    const before = this.peek();
    // A value of its own, in order: what is a view of another would keep that alive, and be summed in another order than in a plan.
    const whole = withNothing(() => value.contiguous());
    this.#value = keep(whole === value ? value.alias() : whole);
    before.dispose();
  }

  /** Gives up the value of its own for the one in its home. @internal */
  settle(): void {
    this.#value?.dispose();
    this.#value = undefined;
  }

  dispose(): void {
    this.home?.scatter();
    this.peek().dispose();
  }
}
