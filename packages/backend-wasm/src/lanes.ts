import { type Shape, sizeOf } from '@tessera/core';
import type { KernelName } from './generated/names.ts';
import type { Runtime } from './runtime.ts';

/** The lanes of a contiguous tensor along an axis: in each of `blocks`, `inner` lanes lie side by side. */
export interface Lanes {
  readonly blocks: number;
  readonly inner: number;
  readonly length: number;
}

export function lanesOf(shape: Shape, axis: number): Lanes {
  return { blocks: sizeOf(shape.slice(0, axis)), inner: sizeOf(shape.slice(axis + 1)), length: shape[axis]! };
}

/** An address among a kernel's parameters: of a tensor with lanes of `length` elements of `size` bytes. */
interface LaneOperand {
  readonly place: number;
  readonly length: number;
  readonly size: number;
}

/** What {@link overLanes} needs beside the lanes. */
export interface LaneCall {
  /** What the kernel takes after (blocks, lanes side by side). */
  readonly parameters: readonly number[];
  readonly operands: readonly LaneOperand[];
  /** Places of parameters that are scratch memory. */
  readonly scratch?: readonly number[];
  readonly nanoseconds: number;
}

/** Calls a kernel (blocks, lanes side by side, …), divided by blocks, or by the lanes of each where they are more. */
export function overLanes(runtime: Runtime, kernel: KernelName, { blocks, inner }: Lanes, call: LaneCall): void {
  const byBlocks = blocks >= inner;
  runtime.call(kernel, [blocks, inner, ...call.parameters], {
    units: byBlocks ? blocks : inner,
    count: [byBlocks ? 0 : 1, 1],
    moves: call.operands.map(({ place, length, size }) => [place, byBlocks ? length * inner * size : size]),
    nanoseconds: call.nanoseconds,
    ...(call.scratch ? { scratch: call.scratch } : {}),
  });
}
