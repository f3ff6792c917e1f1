import { bytesPerElement, type Operand, sizeOf } from '@tessera/core';
import type { Dispatch } from './batch.ts';
import type { GpuBuffer } from './memory.ts';
import type { Recorder, Runtime } from './runtime.ts';

/** Writes dispatches down. What is temporary belongs to the plan: used again by later ops, and by nobody else. */
export class Recording implements Recorder {
  readonly dispatches: Dispatch[] = [];
  movedBytes = 0;
  readonly #allocate: (byteLength: number) => GpuBuffer;
  readonly #free: GpuBuffer[] = [];
  #taken: GpuBuffer[] = [];

  constructor(allocate: (byteLength: number) => GpuBuffer) {
    this.#allocate = allocate;
  }

  during(runtime: Runtime, f: () => void): void {
    const before = runtime.recorder;
    runtime.recorder = this;
    try {
      f();
    } finally {
      runtime.recorder = before;
    }
  }

  add(dispatch: Dispatch): void {
    this.dispatches.push(dispatch);
    for (const buffer of dispatch.buffers) if (this.#taken.includes(buffer)) this.movedBytes += buffer.byteLength;
  }

  /** Counts the operands of a step. */
  count(operands: readonly Operand[]): void {
    for (const { dtype, view } of operands) {
      const distinct = view.shape.filter((_, axis) => view.strides[axis] !== 0);
      this.movedBytes += sizeOf(distinct) * bytesPerElement(dtype);
    }
  }

  temporary(byteLength: number): GpuBuffer {
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= byteLength && buffer.byteLength <= 2 * byteLength);
    const buffer = at >= 0 ? this.#free.splice(at, 1)[0] : this.#allocate(byteLength);
    this.#taken.push(buffer);
    return buffer;
  }

  end(): void {
    this.#free.push(...this.#taken);
    this.#taken = [];
  }
}
