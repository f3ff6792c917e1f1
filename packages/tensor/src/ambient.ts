import type { Device } from './device.ts';
import type { Recorder } from './door.ts';
import type { Tensor } from './tensor.ts';
import type { StateHandler } from './variable.ts';

/** What the calls of modules going on have in common; packages above say what else it holds. */
export interface AmbientContext {
  /** Whether dropout drops and statistics of the batch are used. */
  readonly training: boolean;
  /** The same context with counters of its own, which go on from where they are now: for work that is done once more. */
  copy(): AmbientContext;
}

/** A loop whose body is being traced. */
export interface AmbientLoop {
  readonly outer: AmbientLoop | undefined;
  /** int32 `[2]`: the number of the iteration and 0. */
  step(): Tensor;
}

/** All that a synchronous piece of work finds around it. There is one at any time, and every part of it is replaced for the length of a call. */
export interface Ambient {
  /** Answers every op, where one is set: a tracer. */
  readonly device: Device | undefined;
  /** Told of every op. */
  readonly recorders: readonly Recorder[];
  /** Stands in for variables. */
  readonly state: StateHandler | undefined;
  readonly context: AmbientContext | undefined;
  readonly loop: AmbientLoop | undefined;
}

/** Nothing around: ops run at once, unheard, on variables themselves. */
const NOTHING: Ambient = { device: undefined, recorders: [], state: undefined, context: undefined, loop: undefined };

let current: Ambient = NOTHING;

/** What is around now. It is never changed, only replaced. */
export function ambient(): Ambient {
  return current;
}

/** What is around now, to be found again by {@link within} later: counters of the context stay as they are. */
export function snapshot(): Ambient {
  return current.context ? { ...current, context: current.context.copy() } : current;
}

/** Runs a synchronous function with some of what is around replaced. */
export function within<R>(changes: Partial<Ambient>, f: () => R): R {
  const before = current;
  current = { ...before, ...changes };
  try {
    return f();
  } finally {
    current = before;
  }
}

/** Runs a synchronous function with nothing around: what it makes is made at once, whoever traces or listens. */
export function withNothing<R>(f: () => R): R {
  return within(NOTHING, f);
}
