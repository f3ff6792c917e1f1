import { DeviceError, type MemoryStatistics } from '@tessera/core';
import { aligned, Allocator } from './allocator.ts';
import type { KernelName } from './generated/names.ts';
import { type Call, divide, type Work } from './program/job.ts';
import { JobWriter } from './program/writer.ts';
import type { KernelExports, Runtime, Split, WasmBuffer } from './runtime.ts';
import { type Control, Pool } from './threads/pool.ts';

/** How kernels are instantiated. */
export interface InstanceOptions {
  readonly maximumBytes?: number | undefined;
  /** The caller's among them; above 1, `module` must take shared memory. */
  readonly threads: number;
  /** From how many nanoseconds on work is shared. */
  readonly sharesFrom: number;
}

/** Bytes for what {@link Instance.words} holds, and for the job of one call that is shared. */
const WORDS_BYTES = 1024;
const JOB_BYTES = 65_536;

/** A buffer that knows whose it is until it is freed. */
interface OwnBuffer extends WasmBuffer {
  owner: Instance | undefined;
}

/** An instance of the kernels with its memory, and the threads that share it. */
export class Instance implements Runtime {
  readonly kernels: KernelExports;
  readonly threads: number;
  readonly #memory: WebAssembly.Memory;
  readonly #allocator: Allocator;
  readonly #pool: Pool;
  readonly #sharesFrom: number;
  readonly #writer = new JobWriter();
  readonly #words: number;
  readonly #job: number;
  #bytes: Uint8Array;
  #integers: Int32Array;
  #scratch = 0;
  #scratchBytes = 0;
  #liveBytes = 0;
  #liveBuffers = 0;
  #peakBytes = 0;

  private constructor(
    memory: WebAssembly.Memory,
    exports: KernelExports & Control,
    allocator: Allocator,
    pool: Pool,
    { threads, sharesFrom }: InstanceOptions,
  ) {
    this.#memory = memory;
    this.kernels = exports;
    this.threads = threads;
    this.#allocator = allocator;
    this.#pool = pool;
    this.#sharesFrom = sharesFrom;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#integers = new Int32Array(memory.buffer);
    this.#words = allocator.allocate(WORDS_BYTES);
    this.#job = threads > 1 ? allocator.allocate(JOB_BYTES) : 0;
  }

  static async instantiate(module: WebAssembly.Module, options: InstanceOptions): Promise<Instance> {
    const { threads, maximumBytes } = options;
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: threads > 1 });
    const exports = (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as KernelExports & Control;
    // Tables of the kernels lie in the first page.
    const allocator = new Allocator(memory, 65_536, maximumBytes);
    const control = allocator.allocate(exports.controlBytes(threads));
    const pool = await Pool.start(module, memory, exports, control, threads);
    return new Instance(memory, exports, allocator, pool, options);
  }

  /** The whole memory, as it is now. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** The same as int32. */
  get integers(): Int32Array {
    if (this.#integers.buffer !== this.#memory.buffer) this.#integers = new Int32Array(this.#memory.buffer);
    return this.#integers;
  }

  /** @throws OutOfMemoryError, with everything as it was. */
  allocate(byteLength: number): WasmBuffer {
    const buffer: OwnBuffer = { byteLength, address: this.#allocator.allocate(byteLength), owner: this };
    this.#liveBuffers++;
    this.#liveBytes += byteLength;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return buffer;
  }

  free(buffer: WasmBuffer): void {
    if ((buffer as OwnBuffer).owner !== this) throw new DeviceError('[wasm] the buffer is not one of this backend, or was freed before');
    (buffer as OwnBuffer).owner = undefined;
    this.#liveBuffers--;
    this.#liveBytes -= buffer.byteLength;
    this.#allocator.free(buffer.address, buffer.byteLength);
  }

  statistics(): MemoryStatistics {
    return {
      liveBytes: this.#liveBytes,
      liveBuffers: this.#liveBuffers,
      peakBytes: this.#peakBytes,
      reservedBytes: this.#memory.buffer.byteLength,
    };
  }

  scratch(bytes: number): number {
    const size = aligned(bytes);
    if (size > this.#scratchBytes) {
      const larger = this.#allocator.allocate(size * this.threads);
      if (this.#scratchBytes > 0) this.#allocator.free(this.#scratch, this.#scratchBytes * this.threads);
      this.#scratch = larger;
      this.#scratchBytes = size;
    }
    return this.#scratch;
  }

  words(values: readonly number[]): number {
    this.integers.set(values, this.#words >>> 2);
    return this.#words;
  }

  call(kernel: KernelName, parameters: readonly number[], split: Split): void {
    const { moves, count, scratch, nanoseconds } = split;
    if (this.worthSharing(nanoseconds)) this.share([{ kernel, parameters, moves, count, scratch }], split);
    else (this.kernels[kernel] as (...all: readonly number[]) => void)(...parameters);
  }

  worthSharing(nanoseconds: number): boolean {
    return this.threads > 1 && nanoseconds >= this.#sharesFrom;
  }

  share(calls: readonly Call[], work: Work): void {
    if (!this.worthSharing(work.nanoseconds) || this.#pool.alone()) return this.#goOver(calls, work);
    this.#writer.clear();
    this.#writer.write(divide(calls, work, this.threads));
    this.run(this.#job, this.#writer.copyTo(this.integers, this.#job >>> 2));
  }

  /** Runs jobs that lie in memory. @throws DeviceLostError where a worker failed; the backend cannot be used any more. */
  run(address: number, byteLength: number): void {
    this.#pool.run(address, byteLength, this.#scratchBytes);
  }

  /** @throws DeviceLostError where a worker failed. */
  check(): void {
    this.#pool.check();
  }

  /** Ends the workers. */
  stop(): void {
    this.#pool.stop();
  }

  /** Does calls tile by tile. */
  #goOver(calls: readonly Call[], { units, tile = units }: Work): void {
    const own = calls.map(({ parameters }) => [...parameters]);
    for (let first = 0; first < units; first += tile) {
      const count = Math.min(tile, units - first);
      for (let i = 0; i < calls.length; i++) {
        const { kernel, moves, count: counted } = calls[i];
        const parameters = own[i];
        if (counted) parameters[counted[0]] = count * counted[1];
        (this.kernels[kernel] as (...all: readonly number[]) => void)(...parameters);
        for (const [place, step] of moves) parameters[place] += tile * step;
      }
    }
  }
}
