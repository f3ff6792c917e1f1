import { contiguousView, DeviceError, type DType, formatShape, sameShape, type Shape, ShapeError, sizeOf } from '@tessera/core';
import { announceAssign, retaining, withDevice, withoutRecorders } from './door.ts';
import { concat } from './ops/joining.ts';
import { copy, reshape } from './ops/movement.ts';
import { placeIn } from './placement.ts';
import { keep, tidy } from './scope.ts';
import { Tensor } from './tensor.ts';
import { assignCell, type Cell, readCell, type Variable } from './variable.ts';

/**
 * One buffer in which the elements of several variables of one dtype lie end to end, so that all are read and assigned at once.
 *
 * It is whole while it holds a value, of which those of the variables are views. Once one of them is assigned or disposed by itself
 * it is scattered: each variable holds a value of its own, until the buffer is asked for again and gathers them.
 */
export class Arena implements Cell {
  readonly shape: Shape;
  readonly dtype: DType;
  /** In the order in which they lie. */
  readonly variables: readonly Variable[];
  readonly #offsets: Map<Variable, number> = new Map();
  #value: Tensor | undefined;

  constructor(variables: readonly Variable[]) {
    this.variables = variables;
    let size = 0;
    for (const variable of variables) {
      this.#offsets.set(variable, size);
      size += sizeOf(variable.shape);
    }
    this.shape = [size];
    this.dtype = variables[0]!.dtype;
  }

  /** The elements of all, as a vector. */
  read(): Tensor {
    return readCell(this);
  }

  assign(value: Tensor): void {
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new ShapeError(
        `[assign] flat parameters keep their shape and dtype: got ${formatShape(value.shape)} ${value.dtype} for ${formatShape(this.shape)} ${this.dtype}`,
      );
    }
    assignCell(this, value);
    if (retaining()) for (const variable of this.variables) announceAssign(variable, readCell(variable));
  }

  /** A variable's part of a vector of all. */
  part(vector: Tensor, variable: Variable): Tensor {
    const start = this.#offsets.get(variable)!;
    return reshape(vector.at([start, start + sizeOf(variable.shape)]), variable.shape);
  }

  /** A vector of all from their parts, in the order in which they lie. */
  static join(parts: readonly Tensor[]): Tensor {
    return concat(parts.map((part) => reshape(part, [-1])));
  }

  peek(): Tensor {
    if (!this.#value) {
      this.#value = this.#gathered();
      this.#claim();
    }
    return this.#value;
  }

  replace(value: Tensor): void {
    const before = this.#value;
    const whole = withoutRecorders(() => value.contiguous());
    this.#value = keep(whole === value ? value.alias() : whole);
    before?.dispose();
    this.#claim();
  }

  /** A handle on a variable's elements while they lie here. */
  view(variable: Variable): Tensor {
    const { device, placement } = this.#value!;
    const { storage, dtype, view } = placement!;
    const own = contiguousView(variable.shape, view.offset + this.#offsets.get(variable)!);
    return keep(new Tensor(device, variable, placeIn(storage, dtype, own)));
  }

  /** Leaves each variable with a handle of its own. */
  scatter(): void {
    if (!this.#value) return;
    for (const variable of this.variables) variable.peek();
    this.#value.dispose();
    this.#value = undefined;
  }

  /** Leaves each variable with a buffer of its own, as if it had never lain here. */
  release(): void {
    this.scatter();
    for (const variable of this.variables) {
      if (variable.home !== this) continue;
      variable.home = undefined;
      const view = variable.peek();
      const own = withoutRecorders(() => withDevice(view.device, () => copy(view)));
      variable.replace(own);
      own.dispose();
    }
  }

  // It may be a tracer that asks: what is gathered is there already, and is not part of the trace.
  #gathered(): Tensor {
    const parts = this.variables.map((variable) => variable.peek());
    const { device } = parts[0]!;
    const stranger = parts.find((part) => part.device !== device);
    if (stranger) {
      throw new DeviceError(
        `[FlatParameters] variables must be on one backend: got ${device.backend.name} and ${stranger.backend.name}. Assign all of them values on one.`,
      );
    }
    return keep(withoutRecorders(() => withDevice(device, () => tidy(() => Arena.join(parts)))));
  }

  #claim(): void {
    for (const variable of this.variables) {
      if (variable.home !== this) variable.home?.release();
      variable.home = this;
      variable.settle();
    }
  }
}
