import {
  type Backend,
  type Buffer,
  DeviceError,
  type Kernel,
  type Kernels,
  type MemoryStatistics,
  type Plan,
  primitives,
} from '@tessera/core';
import { type AdapterOptions, findAdapter, isSoftware, openDevice } from './adapter.ts';
import { argReduction } from './arg-reduction.ts';
import { attention } from './attention.ts';
import { batchNormalization } from './batch-normalization.ts';
import { convolution } from './convolution.ts';
import { cumsum } from './cumsum.ts';
import { elementwise } from './elementwise.ts';
import { materialize } from './fill.ts';
import { fused } from './fused.ts';
import { gru } from './gru.ts';
import { withHalves } from './halves.ts';
import { indexing } from './indexing.ts';
import { lstm } from './lstm.ts';
import { matmul } from './matmul.ts';
import { GpuBuffer, Pool } from './memory.ts';
import { movement } from './movement.ts';
import { normalization } from './normalization.ts';
import { PreparedPlan } from './plan.ts';
import { pooling } from './pooling.ts';
import { random } from './random.ts';
import { reduction } from './reduction.ts';
import { type Counters, Runtime } from './runtime.ts';
import { sorting } from './sort.ts';
import { softmax } from './softmax.ts';
import type { Tiles } from './tiles.ts';

/** Options of {@link webgpu}. */
export interface WebGpuOptions extends AdapterOptions {
  /** A device of the caller's, which disposal leaves alone (default: one of its own, with all limits and features of the adapter). */
  readonly device?: GPUDevice;
  /** The most memory that tensors may take in bytes (default: no limit but the device's). */
  readonly maximumBytes?: number;
  /** The most memory kept for reuse in bytes (default 512 MiB). */
  readonly poolBytes?: number;
  /**
   * Where products of matrices and convolutions keep the tiles that they work on (default: in memory that a workgroup shares, but in
   * registers where the adapter works on the processor, as that is faster there).
   */
  readonly tiles?: Tiles;
}

/** The backend that {@link webgpu} makes. */
export interface WebGpuBackend extends Backend {
  readonly device: GPUDevice;
  /** Who made the adapter, and what it is; empty where the browser does not say. */
  readonly adapter: { readonly vendor: string; readonly architecture: string; readonly software: boolean };
  /** What was done since the backend was made. */
  readonly counters: Counters;
  prepare(plan: Plan): PreparedPlan;
}

type KernelTable = Kernels & Readonly<Record<string, Kernel<never>>>;

function kernelTable(runtime: Runtime): KernelTable {
  const table: KernelTable = {
    ...elementwise(runtime),
    ...fused(runtime),
    ...reduction(runtime),
    ...argReduction(runtime),
    ...cumsum(runtime),
    ...movement(runtime),
    ...matmul(runtime),
    ...convolution(runtime),
    ...indexing(runtime),
    ...sorting(runtime),
    ...pooling(runtime),
    ...softmax(runtime),
    ...normalization(runtime),
    ...batchNormalization(runtime),
    ...random(runtime),
    ...lstm(runtime, () => table),
    ...gru(runtime, () => table),
    ...attention(runtime, () => table),
  };
  return table;
}

/**
 * The WebGPU backend. Tensors live in buffers of the device; calls are gathered and submitted together, and only reading waits.
 *
 * @throws DeviceError with the way out where there is no adapter.
 * @example
 * setDefaultBackend(await webgpu())
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  const { maximumBytes = Infinity, poolBytes = 2 ** 29 } = options;
  const adapter = options.device ? undefined : await findAdapter(options);
  const device = options.device ?? (await openDevice(adapter!, options.features));
  const info = adapter?.info ?? (device as { adapterInfo?: GPUAdapterInfo }).adapterInfo;
  const software = info !== undefined && isSoftware(info);
  const pool = new Pool(device, poolBytes, maximumBytes);
  const opened = new Runtime(device, pool, { software, tiles: options.tiles ?? (software ? 'registers' : 'workgroup') });
  let runtime: Runtime | undefined = opened;
  const kernels = withHalves(opened, kernelTable(opened));
  const live = new Set<Buffer>();
  let liveBytes = 0;
  let peakBytes = 0;
  const alive = (): Runtime => {
    if (!runtime) throw new DeviceError('[webgpu] the backend was disposed. Make another one with await webgpu().');
    runtime.check();
    return runtime;
  };
  const allocate = (byteLength: number): GpuBuffer => {
    alive();
    pool.check(byteLength);
    const buffer = new GpuBuffer(byteLength);
    live.add(buffer);
    liveBytes += byteLength;
    peakBytes = Math.max(peakBytes, liveBytes);
    return buffer;
  };
  const free = (buffer: Buffer): void => {
    if (!runtime) return;
    if (!live.delete(buffer)) throw new DeviceError('[webgpu] the buffer is not one of this backend, or was freed before');
    liveBytes -= buffer.byteLength;
    const { block } = buffer as GpuBuffer;
    if (block) pool.give(block);
  };

  return {
    name: 'webgpu',
    ...(software && options.software !== true && !options.device ? { secondBest: 'its adapter works on the processor' } : {}),
    device,
    adapter: { vendor: info?.vendor ?? '', architecture: info?.architecture ?? '', software },
    get counters() {
      return opened.counters;
    },
    computes: new Set(['float32', 'float16', 'int32', 'bool']),
    composites: new Set(Object.keys(kernels).filter((op) => !(op in primitives))),
    separateBuffers: true,
    allocate,
    free,
    write(buffer, bytes) {
      (buffer as GpuBuffer).constant = undefined;
      alive().write(buffer as GpuBuffer, bytes);
    },
    async read(buffer, byteOffset, byteLength) {
      const open = alive();
      return open.read(materialize(open, buffer as GpuBuffer), byteOffset, byteLength);
    },
    execute(op, inputs, attributes, outputs) {
      const open = alive();
      (kernels[op] as Kernel<unknown>)(inputs, attributes, outputs);
      open.end();
    },
    prepare: (plan) => new PreparedPlan({ runtime: alive(), kernels, allocate, free }, plan),
    memory(): MemoryStatistics {
      return { liveBytes, liveBuffers: live.size, peakBytes, reservedBytes: runtime ? pool.reservedBytes : 0 };
    },
    dispose() {
      runtime?.close(options.device === undefined);
      runtime = undefined;
      live.clear();
      liveBytes = 0;
    },
  };
}
