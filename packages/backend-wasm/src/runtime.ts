import { type Buffer, bytesPerElement, DeviceError, type Operand } from '@tessera/core';
import { Allocator } from './allocator.ts';
import type { KernelName } from './generated/names.ts';
import type { Call } from './threads/job.ts';
import { mostChunks, Pool } from './threads/pool.ts';

/** A buffer of this backend: a stretch of the module's memory. */
export interface WasmBuffer extends Buffer {
  readonly address: number;
}

/** The compiled kernels: functions of int32 and double arguments. */
export type KernelExports = { readonly [K in KernelName]: (...inputs: number[]) => number };

/** What work is divided into. */
interface Units {
  readonly units: number;
  /** Parts are made of multiples of it (default 1). */
  readonly grain?: number;
  /** The units that go through all calls before the next ones do; a whole part by default. */
  readonly tile?: number;
}

/** A kernel call that is done in parts, with the kernel by its name. */
type SharedCall = Pick<Call, 'parameters' | 'moves' | 'count'> & { readonly kernel: KernelName; readonly scratch?: readonly number[] };

/** How a kernel call may be divided; see {@link Call}. */
export interface Split extends Units, Pick<Call, 'moves' | 'count'> {
  readonly scratch?: readonly number[];
  /** What it takes one thread, roughly. */
  readonly nanoseconds: number;
}

/** How kernels are instantiated. */
export interface RuntimeOptions {
  readonly maximumBytes?: number | undefined;
  /** The caller's among them; above 1, `module` must take shared memory. */
  readonly threads: number;
  /** From how many nanoseconds on work is shared. */
  readonly sharesFrom: number;
}

/** An instance of the kernels with its memory, and the threads that share it. */
export class Runtime {
  readonly kernels: KernelExports;
  readonly allocator: Allocator;
  readonly pool: Pool | undefined;
  readonly #memory: WebAssembly.Memory;
  readonly #placeOf: ReadonlyMap<string, number>;
  readonly #sharesFrom: number;
  #bytes: Uint8Array;
  #scratch = 0;
  #scratchBytes = 0;

  private constructor(
    memory: WebAssembly.Memory,
    kernels: KernelExports,
    names: readonly string[],
    pool: Pool | undefined,
    sharesFrom: number,
    maximumBytes?: number,
  ) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#placeOf = new Map(names.map((name, place) => [name, place]));
    this.kernels = kernels;
    this.pool = pool;
    this.#sharesFrom = sharesFrom;
    // Tables of the kernels lie in the first page.
    this.allocator = new Allocator(memory, 65_536, maximumBytes);
  }

  static async instantiate(module: WebAssembly.Module, { maximumBytes, threads, sharesFrom }: RuntimeOptions): Promise<Runtime> {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: threads > 1 });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function');
    const list = names.map((name) => exports[name] as (...parameters: number[]) => number);
    const pool = threads > 1 ? await Pool.start(module, memory, names, list, threads) : undefined;
    return new Runtime(memory, exports as unknown as KernelExports, names, pool, sharesFrom, maximumBytes);
  }

  /** The whole memory, as it is now. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** Memory for one kernel call; the same at every call. Each thread has as much, one after another. */
  scratch(bytes: number): number {
    const size = Math.ceil(bytes / 64) * 64;
    if (size > this.#scratchBytes) {
      const threads = this.pool?.threads ?? 1;
      const larger = this.allocator.allocate(size * threads);
      if (this.#scratchBytes > 0) this.allocator.free(this.#scratch, this.#scratchBytes * threads);
      this.#scratch = larger;
      this.#scratchBytes = size;
    }
    return this.#scratch;
  }

  /** Does a kernel call: at once, or where that takes long in parts by all threads. */
  call(kernel: KernelName, parameters: readonly number[], split: Split): void {
    if (this.worthSharing(split.nanoseconds)) this.share([{ kernel, parameters, ...split }], split);
    else (this.kernels[kernel] as (...all: readonly number[]) => number)(...parameters);
  }

  /** Whether there are threads to share with, and work of so many nanoseconds is worth telling them. */
  worthSharing(nanoseconds: number): boolean {
    return this.pool !== undefined && nanoseconds >= this.#sharesFrom;
  }

  /** Does calls for so many units in parts, by all threads: some parts for each, so that none waits long for another. */
  share(calls: readonly SharedCall[], { units, grain = 1, tile }: Units): void {
    if (units === 0) return;
    const { threads } = this.pool!;
    const least = Math.max(Math.ceil(units / (threads * PARTS)), Math.ceil(units / mostChunks));
    this.pool!.run({
      units,
      chunk: Math.ceil(least / grain) * grain,
      scratchStride: this.#scratchBytes,
      calls: calls.map((call) => ({ scratch: [], ...call, kernel: this.#placeOf.get(call.kernel)! })),
      ...(tile === undefined ? {} : { tile }),
    });
  }
}

/** The parts that each thread would do if all were as fast. */
const PARTS = 4;

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
