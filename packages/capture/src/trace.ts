import { type Backend, type Graph, UsageError } from '@tessera/core';
import {
  Arena,
  type Cell,
  isTensor,
  keep,
  type StateHandler,
  tensor,
  type Tensor,
  Tracer,
  tidy,
  treeFlatten,
  type Variable,
  within,
} from '@tessera/tensor';
import type { Signature } from './signature.ts';

/** A function written down for one signature. */
export interface Traced {
  readonly graph: Graph;
  /** The variables whose values are inputs, after the arguments. */
  readonly reads: readonly Cell[];
  /** The tensors from outside that are inputs, after the variables: constants of the plan. */
  readonly constants: readonly Tensor[];
  /** The variables that the last outputs are assigned to. */
  readonly assigns: readonly Cell[];
  /** The function's result with other tensors in the places of its own. */
  rebuild(tensors: readonly Tensor[]): unknown;
}

/**
 * Cells read become inputs, once each; assigned ones are read as assigned. A variable that lies in a buffer beside others is read as
 * a view of it; once one of them is assigned by itself, the buffer is joined from them when it is next wanted.
 */
class TracedState implements StateHandler {
  readonly reads: Map<Cell, Tensor> = new Map();
  readonly assigned: Set<Cell> = new Set();
  readonly #values: Map<Cell, Tensor> = new Map();
  readonly #tracer: Tracer;
  readonly #calls: () => Variable;
  #counter: Tensor | undefined;

  /** `calls` is a variable, int32 `[2]`, that tells one call from another. */
  constructor(tracer: Tracer, calls: () => Variable) {
    this.#tracer = tracer;
    this.#calls = calls;
  }

  get trace(): object {
    return this;
  }

  counter(): Tensor {
    this.#counter ??= this.#aside(() => {
      const calls = this.#calls();
      const now = this.read(calls);
      this.assign(calls, now.add(tensor(Int32Array.of(1, 0), { backend: this.#tracer.backend })));
      return now;
    });
    return this.#counter;
  }

  read(cell: Cell): Tensor {
    let value = this.#values.get(cell);
    if (!value) this.#values.set(cell, (value = this.#valueOf(cell)));
    return value;
  }

  assign(cell: Cell, value: Tensor): void {
    const { home, variables = [] } = cell;
    if (home) {
      for (const variable of home.variables) this.read(variable);
      this.#values.delete(home);
    }
    for (const variable of variables) this.#values.delete(variable);
    this.#values.set(cell, value);
    this.assigned.add(home ?? cell);
  }

  #valueOf(cell: Cell): Tensor {
    const { home, variables } = cell;
    if (home) return this.#aside(() => home.part(this.read(home), cell as Variable));
    if (variables && this.assigned.has(cell)) return this.#aside(() => Arena.join(variables.map((variable) => this.read(variable))));
    // Where its variables have moved to another buffer it takes them back first.
    if (variables) cell.peek();
    const value = this.#tracer.input(cell);
    this.reads.set(cell, value);
    return value;
  }

  // Beside what is being traced: not in a loop's body that happens to read first, and unheard.
  #aside(f: () => Tensor): Tensor {
    return within({ device: this.#tracer, recorders: [], loop: undefined }, f);
  }
}

/** Runs `f` once with symbols for its tensors. */
export function traceFunction(f: (...inputs: never[]) => unknown, signature: Signature, backend: Backend, calls: () => Variable): Traced {
  // Constants may be made inside a scope that ends before the trace does, so a handle of their own is kept.
  const tracer = new Tracer(backend, (tensor) => {
    if (!tensor.placement)
      throw new UsageError('[capture] a value made inside a loop body was used outside of it. Return it from the body.');
    return keep(tensor.alias());
  });
  const state = new TracedState(tracer, calls);
  let result: unknown;
  let graph!: Graph;
  let assigns: Cell[] = [];
  // What is made eagerly while tracing (keys, tables) is freed at the end, but for what the graph refers to.
  const trace = (): void => {
    const symbols = signature.tensors.map((tensor) => tracer.input(tensor));
    result = withoutMathRandom(() => within({ device: tracer, state }, () => f(...(signature.rebuild(symbols) as never[]))));
    if (result instanceof Promise) {
      throw new UsageError('[capture] the function must be synchronous: got a Promise. Await outside of it.');
    }
    assigns = [...state.assigned];
    graph = tracer.finish([...treeFlatten(result).leaves.filter(isTensor), ...assigns.map((cell) => state.read(cell))]);
  };
  try {
    tidy(trace);
  } catch (error) {
    for (const constant of tracer.captured) constant.dispose();
    throw error;
  }
  const { leaves, unflatten } = treeFlatten(result);
  const rebuild = (tensors: readonly Tensor[]): unknown => {
    let at = 0;
    return unflatten(leaves.map((leaf) => (isTensor(leaf) ? tensors[at++] : leaf)));
  };
  return { graph, reads: [...state.reads.keys()], constants: tracer.captured, assigns, rebuild };
}

/* oxlint-disable no-restricted-properties -- the one place that must reach it, to forbid it */
/** A number drawn while tracing would be the same at every replay: nobody means that. */
function withoutMathRandom<R>(f: () => R): R {
  const { random } = Math;
  Math.random = () => {
    const place = new Error().stack?.split('\n')[2]?.trim() ?? '';
    throw new UsageError(`[capture] Math.random was called while tracing ${place}. Draw from a Random whose counter is an argument.`);
  };
  try {
    return f();
  } finally {
    Math.random = random;
  }
}
