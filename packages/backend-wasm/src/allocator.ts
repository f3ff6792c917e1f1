import { DeviceError, OutOfMemoryError } from '@tessera/core';

const PAGE = 65_536;
const MAX_PAGES = 65_536;
const ALIGNMENT = 64;

/** The next multiple of a cache line's bytes, so that no two buffers share one. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

interface Span {
  readonly address: number;
  readonly bytes: number;
}

/** Gives out stretches of a WebAssembly memory: the free one that fits best, neighbours joined when they come back. */
export class Allocator {
  readonly #memory: WebAssembly.Memory;
  readonly #maximum: number;
  /** Free stretches by address; no two touch. */
  readonly #free: Span[] = [];
  #end: number;
  /** The memory's bytes. */
  #room: number;

  constructor(memory: WebAssembly.Memory, start: number, maximumBytes: number = MAX_PAGES * PAGE) {
    this.#memory = memory;
    this.#maximum = Math.min(maximumBytes, MAX_PAGES * PAGE);
    this.#end = aligned(start);
    this.#room = memory.buffer.byteLength;
  }

  /** The address of at least `bytes` bytes. @throws OutOfMemoryError, with everything as it was. */
  allocate(bytes: number): number {
    const size = roundUp(bytes);
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const { bytes: room } = this.#free[i];
      if (room >= size && (best < 0 || room < this.#free[best].bytes)) best = i;
    }
    if (best >= 0) {
      const { address, bytes: room } = this.#free[best];
      if (room === size) this.#free.splice(best, 1);
      else this.#free[best] = { address: address + size, bytes: room - size };
      return address;
    }
    const address = this.#end;
    if (address + size > this.#room) this.#grow(address + size, bytes);
    this.#end = address + size;
    return address;
  }

  free(address: number, bytes: number): void {
    const size = roundUp(bytes);
    let [low, high] = [0, this.#free.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle].address < address) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.address + before.bytes === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    const start = joinsBefore ? before.address : address;
    const stop = joinsAfter ? after.address + after.bytes : address + size;
    const from = joinsBefore ? low - 1 : low;
    if (stop < this.#end) {
      this.#free.splice(from, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), { address: start, bytes: stop - start });
      return;
    }
    // What lies at the end is given back to the unused rest.
    this.#end = start;
    if (joinsBefore) this.#free.pop();
  }

  #grow(needed: number, asked: number): void {
    const have = this.#room;
    if (needed > this.#maximum) {
      throw new OutOfMemoryError(
        `[wasm] ${asked} bytes more must fit ${this.#maximum} bytes: got ${this.#end} in use. Free tensors with tidy or dispose, or use smaller batches.`,
      );
    }
    // In large steps: every growth makes all views of the memory anew.
    const wanted = Math.min(this.#maximum, Math.max(needed, have * 1.5, have + 16 * 2 ** 20));
    const grow = (bytes: number): boolean => {
      try {
        this.#memory.grow(Math.ceil((bytes - have) / PAGE));
        this.#room = this.#memory.buffer.byteLength;
        return true;
      } catch {
        return false;
      }
    };
    if (grow(wanted) || grow(needed)) return;
    throw new OutOfMemoryError(
      `[wasm] the system gave no ${asked} bytes more: got ${have} in use. Free tensors with tidy or dispose, or use smaller batches.`,
    );
  }
}

function roundUp(bytes: number): number {
  if (!(bytes >= 0)) throw new DeviceError(`[wasm] a buffer's size must be a number ≥ 0: got ${bytes}`);
  return Math.max(ALIGNMENT, aligned(bytes));
}
