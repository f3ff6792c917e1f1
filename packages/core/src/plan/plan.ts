import type { Buffer } from '../backend.ts';
import type { DType } from '../dtype.ts';
import type { View } from '../view.ts';

/** A stretch of memory that a plan uses. */
export interface PlanBuffer {
  readonly byteLength: number;
  /**
   * Inputs are read only; outputs are the caller's, where one replaces an input its buffer; temporaries live in a slot, shared with others
   * by lifetime.
   */
  readonly role: 'input' | 'temporary' | 'output';
  /** The steps that first write and last touch it. */
  readonly first: number;
  readonly last: number;
  /** For a temporary, its slot among {@link Plan.slots}, and where it begins there. */
  readonly slot?: number;
  readonly byteOffset?: number;
}

/** A tensor in a plan: a view of one of its buffers. */
export interface PlanOperand {
  /** Index into {@link Plan.buffers}. */
  readonly buffer: number;
  readonly dtype: DType;
  /** Counted from the start of the memory: for a temporary that of its slot. */
  readonly view: View;
}

/** One kernel call, or one loop. Operands are laid out as the kernel wants them. */
export interface Step {
  readonly op: string;
  readonly inputs: readonly PlanOperand[];
  readonly outputs: readonly PlanOperand[];
  readonly attributes: unknown;
  /** The body of a `scan`. */
  readonly body?: Plan;
  readonly scope?: string;
}

/** A program made linear: steps over buffers whose lifetimes are known before it runs. */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly steps: readonly Step[];
  /** Contiguous whole buffers, in the graph's order. */
  readonly inputs: readonly PlanOperand[];
  /** Contiguous whole buffers, each of its own or that of an input which it replaces. */
  readonly outputs: readonly PlanOperand[];
  /** Sizes in bytes of the slots that temporaries share: one arena, or where the backend wants buffers separate several. */
  readonly slots: readonly number[];
  /** The memory that a run needs beside its inputs and outputs, in bytes; of loops no more than this, as backends go through them. */
  readonly peakBytes: number;
  /** The plan in words: what it needs of memory, and a line for each step with the bytes that temporaries take during it. */
  describe(): string;
}

/** A plan made ready on a backend; keeps its slots between runs. */
export interface PlanRunner {
  /** Makes ready, beside one another, what the first run would wait for; absent where nothing is compiled. */
  compile?(onProgress?: (done: number, all: number) => void): Promise<void>;
  /** An output that replaces an input is given that input's buffer. */
  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void;
  dispose(): void;
}
