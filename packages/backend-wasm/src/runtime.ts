import { type Buffer, bytesPerElement, DeviceError, type Operand } from '@tessera/core';
import { Allocator } from './allocator.ts';
import type { KernelName } from './generated/names.ts';

/** A buffer of this backend: a stretch of the module's memory. */
export interface WasmBuffer extends Buffer {
  readonly address: number;
}

/** The compiled kernels: functions of int32 and double arguments. */
export type KernelExports = { readonly [K in KernelName]: (...inputs: number[]) => number };

/** An instance of the kernels with its memory. */
export class Runtime {
  readonly kernels: KernelExports;
  readonly allocator: Allocator;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #scratch = 0;
  #scratchBytes = 0;

  private constructor(memory: WebAssembly.Memory, kernels: KernelExports, maximumBytes: number | undefined) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.kernels = kernels;
    // Tables of the kernels lie in the first page.
    this.allocator = new Allocator(memory, 65_536, maximumBytes);
  }

  static async instantiate(module: WebAssembly.Module, maximumBytes?: number): Promise<Runtime> {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    return new Runtime(memory, instance.exports as unknown as KernelExports, maximumBytes);
  }

  /** The whole memory, as it is now. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** Memory for one kernel call; the same at every call. */
  scratch(bytes: number): number {
    if (bytes > this.#scratchBytes) {
      const larger = this.allocator.allocate(bytes);
      if (this.#scratchBytes > 0) this.allocator.free(this.#scratch, this.#scratchBytes);
      this.#scratch = larger;
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }
}

/** The address of an operand's first element. */
export function addressOf({ buffer, dtype, view }: Operand): number {
  const { address } = buffer as WasmBuffer;
  if (address === undefined) throw new DeviceError('[wasm] the buffer is of another backend');
  return address + view.offset * bytesPerElement(dtype);
}

/** The suffix of kernels for a computed dtype. */
export function suffixOf(operand: Operand): 'f32' | 'i32' | 'u8' {
  return operand.dtype === 'float32' ? 'f32' : operand.dtype === 'int32' ? 'i32' : 'u8';
}
