import { type Backend, type Node, opName, type Plan, UsageError } from '@tessera/core';
import {
  activeDevice,
  ambient,
  defaultBackend,
  isTensor,
  retaining,
  type Tensor,
  tidy,
  treeLeaves,
  Variable,
  withNothing,
  zeros,
} from '@tessera/tensor';
import { Compiled } from './compiled.ts';
import { type Signature, signatureOf } from './signature.ts';
import { type Traced, traceFunction } from './trace.ts';

/** Options of {@link capture}. */
export interface CaptureOptions {
  /** Traces again every n calls and throws if the function has come to do something else (default: never). */
  readonly check?: number;
  /**
   * The most bytes that a plan's temporaries may take (default: any number): what is cheap to compute is then computed again rather than
   * kept. {@link Plan.peakBytes} says what a plan takes.
   */
  readonly memoryLimit?: number;
  /** How many signatures are kept ready; the one used longest ago makes room (default 16). */
  readonly maxPlans?: number;
}

/** Options of {@link Captured.warmUp}. */
export interface WarmUpOptions {
  /** Told of each piece that is compiled: how many are, of how many. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

/** A captured function: call it as before. */
export interface Captured<A extends readonly unknown[], R> {
  (...inputs: A): R;
  /**
   * Makes the plan for a call with such arguments ready without running it: traced, and compiled beside the caller's work where the
   * backend compiles (WebGPU), so that the first call need not wait. Gives the call itself, which knows its plan already.
   */
  warmUp(inputs: A, options?: WarmUpOptions): Promise<() => R>;
  /** The plans that are ready, the one used last at the end. */
  readonly plans: readonly Plan[];
  /** Gives the memory of all plans back; the next call traces again. */
  dispose(): void;
}

/**
 * Traces a synchronous function of tensors once per signature and replays it as one plan.
 *
 * Arguments and results are trees of tensors; numbers among the arguments are part of the signature. Masks of arguments are seen inside;
 * results come without theirs. Variables read
 * inside are inputs and variables assigned are outputs, committed only if the whole call succeeds. What is assigned is written
 * over what the variable held, so state is in memory once; a tensor that was read from it and is still held keeps its numbers, for
 * which the call makes a copy. Inside another captured function, or under a gradient, the function simply runs.
 *
 * @throws OutOfMemoryError where a plan cannot be made to fit `memoryLimit`.
 * @throws UsageError where the function reads a traced value, draws from Math.random, or is asynchronous.
 * @example
 * const step = capture((x: Tensor) => x.matmul(w.read()).relu())
 */
export function capture<A extends readonly unknown[], R>(
  f: (...inputs: A) => R,
  { check = 0, maxPlans = 16, memoryLimit = Infinity }: CaptureOptions = {},
): Captured<A, R> {
  const ready = new Map<string, Compiled>();
  // Those that took the place of an outdated one stay: variables that are laid out anew in turn would have them traced at every call.
  const settled = new WeakSet<Compiled>();
  let run = 0;
  // Moves at each call, for sources of random numbers that are older than the plans.
  let calls: Variable | undefined;

  const callsOn = (backend: Backend): Variable => {
    calls ??= withNothing(() => tidy(() => new Variable(zeros([2], { dtype: 'int32', backend }), { name: 'calls', trainable: false })));
    return calls;
  };
  const trace = (signature: Signature, backend: Backend): Traced => traceFunction(f as never, signature, backend, () => callsOn(backend));
  const compile = (signature: Signature, backend: Backend): Compiled => {
    const compiled = new Compiled(signature.key, trace(signature, backend), backend, memoryLimit);
    if (ready.size >= maxPlans) {
      const [oldest] = ready.keys();
      ready.get(oldest!)!.dispose();
      ready.delete(oldest!);
    }
    return compiled;
  };
  const planFor = (inputs: A): [Compiled, readonly Tensor[]] => {
    const backend = treeLeaves(inputs).find(isTensor)?.backend ?? defaultBackend();
    const signature = signatureOf(inputs, backend, ambient().context);
    let known = ready.get(signature.key);
    if (known?.outdated && !settled.has(known)) {
      known.dispose();
      ready.delete(signature.key);
      known = compile(signature, backend);
      settled.add(known);
    }
    if (known && !known.outdated && check > 0 && ++run % check === 0) {
      const again = trace(signature, backend);
      for (const constant of again.constants) constant.dispose();
      expectSame(known.traced, again);
    }
    const compiled = known ?? compile(signature, backend);
    // Taken out and put back, it becomes the one used last.
    ready.delete(signature.key);
    ready.set(signature.key, compiled);
    return [compiled, signature.tensors];
  };
  const call = (...inputs: A): R => {
    if (activeDevice() || retaining()) return f(...inputs);
    const [compiled, tensors] = planFor(inputs);
    return compiled.run(tensors) as R;
  };
  const warmUp = async (inputs: A, { onProgress }: WarmUpOptions = {}): Promise<() => R> => {
    const [compiled, tensors] = planFor(inputs);
    await compiled.compile(onProgress);
    // What it was made for may have changed meanwhile: variables laid out anew, a plan given back.
    return () => (ready.get(compiled.key) === compiled && !compiled.outdated ? (compiled.run(tensors) as R) : call(...inputs));
  };
  return Object.defineProperties(call, {
    warmUp: { value: warmUp },
    plans: { get: () => [...ready.values()].map(({ plan }) => plan) },
    dispose: {
      value() {
        for (const compiled of ready.values()) compiled.dispose();
        ready.clear();
        calls?.dispose();
        calls = undefined;
      },
    },
  }) as Captured<A, R>;
}

function expectSame(before: Traced, now: Traced): void {
  const describe = (node: Node | undefined): string =>
    node ? `${opName(node.op)} ${node.op === 'scan' ? '' : JSON.stringify(node.attributes)} of ${node.inputs.join(', ')}` : 'nothing';
  const [a, b] = [before.graph.nodes, now.graph.nodes];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (describe(a[i]) === describe(b[i])) continue;
    throw new UsageError(
      `[capture] the function must do the same at every call: op ${i} was ${describe(a[i])} and is now ${describe(b[i])}. Pass what changes as an argument.`,
    );
  }
}
