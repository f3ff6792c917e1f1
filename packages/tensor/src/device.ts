import type { Backend, Composite, Primitive, Spec } from '@tessera/core';
import type { Tensor } from './tensor.ts';

/** An op of the table, by name, or a composite. */
export type Op = Primitive | Composite<unknown>;

/** What answers an op: kernels run now on a backend, or a tracer that writes the op down. */
export interface Device {
  readonly backend: Backend;
  /** Whether it answers ops of which some inputs are on other devices. */
  readonly takesAny?: true;
  /** Whether a composite is run as it is; otherwise the door expands it. */
  answers(op: Composite<unknown>): boolean;
  /** A tensor over bytes in row-major order, on the backend even while tracing. */
  upload(bytes: Uint8Array, spec: Spec): Tensor;
  execute(op: Op, inputs: readonly Tensor[], attributes: unknown): readonly Tensor[];
}
