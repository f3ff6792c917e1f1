import type { DType } from './dtype.ts';
import type { Spec } from './op.ts';
import type { Plan, PlanRunner } from './plan/plan.ts';
import type { KernelAttributes, KernelPrimitive } from './primitives/attributes.ts';
import type { View } from './view.ts';

/** Memory of a backend. Only the backend that made it looks inside. */
export interface Buffer {
  readonly byteLength: number;
}

/** A tensor as a kernel sees it: elements of one dtype, laid out by a view, in a buffer. */
export interface Operand {
  readonly buffer: Buffer;
  readonly dtype: DType;
  readonly view: View;
}

/** What a backend holds, in bytes. */
export interface MemoryStatistics {
  /** In live buffers. */
  readonly liveBytes: number;
  readonly liveBuffers: number;
  /** The most that live buffers ever took at once. */
  readonly peakBytes: number;
  /** Taken from the system, live or kept for reuse. */
  readonly reservedBytes: number;
}

/**
 * A kernel: reads the inputs, writes every element of the outputs. Outputs are contiguous, from any offset; one may lie just over an
 * input where the op's row says `elementwise` or `overwrites`.
 */
export type Kernel<A> = (inputs: readonly Operand[], attributes: A, outputs: readonly Operand[]) => void;

/** One kernel for each primitive: a missing row does not compile. */
export type Kernels = { readonly [K in KernelPrimitive]: Kernel<KernelAttributes[K]> };

/**
 * What runs kernels. Enqueueing is synchronous and in order; only `read` waits.
 *
 * The caller has checked shapes and dtypes, has made inputs contiguous where the op's row does not say `strided`, and
 * has expanded every composite that the backend does not list.
 */
export interface Backend {
  readonly name: string;
  /** Why any other backend that works is to be preferred: say, that its GPU is the processor. */
  readonly secondBest?: string;
  /** The dtypes that kernels compute with; moving and casting work on all. */
  readonly computes: ReadonlySet<DType>;
  /** The composites for which there is a kernel of their own. */
  readonly composites: ReadonlySet<string>;
  /**
   * Kernels cannot write into a buffer that they read, but for element-wise ops and `fused`, of which an output may be just the buffer
   * of an input: in plans nothing but the state of variables is then replaced in place, and temporaries have buffers of their own.
   */
  readonly separateBuffers?: boolean;
  /** Memory with unspecified contents; at least `byteLength` bytes, zero included. @throws OutOfMemoryError */
  allocate(byteLength: number): Buffer;
  free(buffer: Buffer): void;
  /** Copies bytes to the start of a buffer. */
  write(buffer: Buffer, bytes: Uint8Array): void;
  /** A copy of bytes of a buffer, once everything enqueued before has run. */
  read(buffer: Buffer, byteOffset: number, byteLength: number): Promise<Uint8Array>;
  /** Runs one kernel, named by a primitive or by one of {@link composites}. */
  execute(op: string, inputs: readonly Operand[], attributes: unknown, outputs: readonly Operand[]): void;
  /** A faster way to run a whole plan than step by step; `undefined` for plans that it does not take. */
  prepare?(plan: Plan): PlanRunner | undefined;
  memory(): MemoryStatistics;
  /** Gives all memory back; every later call throws DeviceError. */
  dispose(): void;
}

/** Makes a backend, or rejects with a DeviceError that says why it cannot run here. */
export type BackendFactory = () => Backend | Promise<Backend>;

/** The spec of an operand. */
export function specOf(operand: Operand): Spec {
  return { shape: operand.view.shape, dtype: operand.dtype };
}
