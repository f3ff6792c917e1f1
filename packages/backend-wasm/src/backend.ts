import {
  type Backend,
  DeviceError,
  type Kernel,
  type Kernels,
  type MemoryStatistics,
  type Plan,
  primitives,
  UsageError,
} from '@tessera/core';
import { attention } from './attention.ts';
import { compileKernels, type WasmBuild } from './compile.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { fused } from './fused.ts';
import { indexing } from './indexing.ts';
import { Instance } from './instance.ts';
import { matmul } from './matmul.ts';
import { movement } from './movement.ts';
import { normalization } from './normalization.ts';
import { Arena } from './program/arena.ts';
import { Program } from './program/program.ts';
import { random } from './random.ts';
import { pooling } from './pooling.ts';
import { reduction } from './reduction.ts';
import type { Runtime, WasmBuffer } from './runtime.ts';
import { recurrent } from './recurrent.ts';
import { sumSquare } from './sum-square.ts';
import { softmaxes } from './softmax.ts';
import { sorting } from './sort.ts';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /** The kernels precompiled, for runtimes that compile nothing: `@tessera/backend-wasm/simd.wasm`, or `relaxed-simd.wasm`. */
  readonly module?: WebAssembly.Module;
  /** The most memory that tensors may take in bytes (default and at most 4 GiB). */
  readonly maximumBytes?: number;
  /**
   * Keeps to plain SIMD, whose results are the same to the last bit on every machine (default `false`: relaxed SIMD where the
   * engine has it, which fuses products and sums as the processor does).
   */
  readonly deterministic?: boolean;
  /**
   * How many threads share large kernels, this one among them (default 1). More than one need shared memory: in pages that is there
   * where they are cross-origin isolated; elsewhere one thread is used. Results do not depend on their number.
   */
  readonly threads?: number;
  /** From how many nanoseconds on (of one thread, estimated) work is shared; by default some times what sharing costs. @internal */
  readonly sharesFrom?: number;
}

/** The backend that {@link wasm} makes. */
export interface WasmBackend extends Backend {
  readonly build: WasmBuild;
  /** How many threads it has, the caller's among them. */
  readonly threads: number;
}

/** Whether memory can be shared with workers here. */
function canShare(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
}

function kernelTable(runtime: Runtime): Kernels & Readonly<Record<string, Kernel<never>>> {
  return {
    ...elementwise(runtime),
    ...fused(runtime),
    ...reduction(runtime),
    ...movement(runtime),
    ...matmul(runtime),
    ...convolution(runtime),
    ...pooling(runtime),
    ...indexing(runtime),
    ...random(runtime),
    ...softmaxes(runtime),
    ...sorting(runtime),
    ...normalization(runtime),
    ...attention(runtime),
    ...recurrent(runtime),
    ...sumSquare(runtime),
  };
}

/**
 * The WebAssembly SIMD backend: what runs everywhere, without a bundler plugin. Tensors live in the module's memory.
 *
 * @throws DeviceError where WebAssembly SIMD is missing.
 * @example
 * setDefaultBackend(await wasm())
 */
export async function wasm({
  module,
  maximumBytes,
  deterministic = false,
  threads: wanted = 1,
  sharesFrom = 25_000,
}: WasmOptions = {}): Promise<WasmBackend> {
  if (!Number.isInteger(wanted) || wanted < 1) throw new UsageError(`[wasm] threads must be a whole number ≥ 1: got ${wanted}`);
  const threads = module || !canShare() ? 1 : wanted;
  let instance: Instance | undefined;
  let build: WasmBuild;
  try {
    const compiled = module ? { module, build: 'precompiled' as const } : await compileKernels(deterministic, threads > 1);
    build = compiled.build;
    instance = await Instance.instantiate(compiled.module, { maximumBytes, threads, sharesFrom });
  } catch (cause) {
    throw new DeviceError('[wasm] WebAssembly with SIMD must be there, and compiling allowed. On edge runtimes pass { module }.', {
      cause,
    });
  }
  let kernels: ReturnType<typeof kernelTable> | undefined = kernelTable(instance);
  const arena = new Arena(instance);
  const alive = (): Instance => {
    if (!instance) throw new DeviceError('[wasm] the backend was disposed. Make another one with await wasm().');
    return instance;
  };

  return {
    name: 'wasm',
    build,
    threads,
    computes: new Set(['float32', 'int32', 'bool']),
    composites: new Set(Object.keys(kernels).filter((op) => !(op in primitives))),
    allocate: (byteLength): WasmBuffer => alive().allocate(byteLength),
    free: (buffer) => instance?.free(buffer as WasmBuffer),
    write(buffer, bytes) {
      alive().bytes.set(bytes, (buffer as WasmBuffer).address);
    },
    async read(buffer, byteOffset, byteLength) {
      const start = (buffer as WasmBuffer).address + byteOffset;
      alive().check();
      return alive().bytes.slice(start, start + byteLength);
    },
    execute(op, inputs, attributes, outputs) {
      alive();
      (kernels![op] as Kernel<unknown>)(inputs, attributes, outputs);
    },
    prepare(plan: Plan) {
      return new Program(alive(), arena, plan, kernelTable);
    },
    memory: (): MemoryStatistics => instance?.statistics() ?? { liveBytes: 0, liveBuffers: 0, peakBytes: 0, reservedBytes: 0 },
    dispose() {
      // The memory itself goes when nothing refers to it any more.
      instance?.stop();
      instance = undefined;
      kernels = undefined;
    },
  };
}
