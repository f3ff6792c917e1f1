import { type Backend, type Composite, type Graph, inferSpecs, type Node, type Spec, UsageError, type ValueId } from '@tessera/core';
import type { Device, Op } from './device.ts';
import { within } from './ambient.ts';
import { activeDevice } from './door.ts';
import { eager } from './eager.ts';
import { Tensor } from './tensor.ts';

/**
 * A device that computes nothing: it writes each op down as a node of a graph and answers with symbolic tensors.
 * Tensors from outside (values, or symbols of a tracer around this one) become further inputs: {@link captured}.
 */
export class Tracer implements Device {
  readonly backend: Backend;
  readonly captured: Tensor[] = [];
  /** Given to nodes as they are made: see {@link Node.region} and {@link Node.scope}. */
  region: number | undefined;
  scope: string | undefined;
  readonly #values: Spec[] = [];
  readonly #inputs: ValueId[] = [];
  readonly #capturedIds: ValueId[] = [];
  readonly #nodes: Node[] = [];
  readonly #ids: WeakMap<Tensor, ValueId> = new WeakMap();

  readonly #hold: (tensor: Tensor) => Tensor;

  /** `hold` says which handle to keep on a tensor from outside: by default the one given, which must outlive the trace. */
  constructor(backend: Backend, hold: (tensor: Tensor) => Tensor = (tensor) => tensor) {
    this.backend = backend;
    this.#hold = hold;
  }

  answers(op: Composite<unknown>): boolean {
    return this.backend.composites.has(op.name);
  }

  upload(bytes: Uint8Array, spec: Spec): Tensor {
    return eager(this.backend).upload(bytes, spec);
  }

  /** A new input of the graph. */
  input(spec: Spec): Tensor {
    const [tensor, id] = this.#symbol(spec);
    this.#inputs.push(id);
    return tensor;
  }

  execute(op: Op, inputs: readonly Tensor[], attributes: unknown): readonly Tensor[] {
    const specs = inferSpecs(op as never, inputs, attributes as never);
    const made = specs.map((spec) => this.#symbol(spec));
    this.#nodes.push({
      op,
      attributes,
      inputs: inputs.map((input) => this.#lift(input)),
      outputs: made.map(([, id]) => id),
      ...(this.region === undefined ? {} : { region: this.region }),
      ...(this.scope === undefined ? {} : { scope: this.scope }),
    });
    return made.map(([tensor]) => tensor);
  }

  /** The graph of what was written down; inputs made by {@link input} first, then the captured ones. */
  finish(outputs: readonly Tensor[]): Graph {
    const ids = outputs.map((output) => this.#lift(output));
    return { values: this.#values, inputs: [...this.#inputs, ...this.#capturedIds], nodes: this.#nodes, outputs: ids };
  }

  #symbol(spec: Spec): [Tensor, ValueId] {
    const id = this.#values.push({ shape: spec.shape, dtype: spec.dtype }) - 1;
    const tensor = new Tensor(this, spec);
    this.#ids.set(tensor, id);
    return [tensor, id];
  }

  #lift(tensor: Tensor): ValueId {
    let id = this.#ids.get(tensor);
    if (id === undefined) {
      if (tensor.disposed) throw new UsageError('[trace] a traced function must not use a tensor that was disposed');
      id = this.#values.push({ shape: tensor.shape, dtype: tensor.dtype }) - 1;
      this.#ids.set(tensor, id);
      this.#capturedIds.push(id);
      this.captured.push(this.#hold(tensor));
    }
    return id;
  }
}

/** Traces a synchronous function of tensors; recorders hear nothing of it. */
export function trace(
  f: (...inputs: Tensor[]) => readonly Tensor[],
  specs: readonly Spec[],
  backend: Backend,
): { graph: Graph; captured: readonly Tensor[] } {
  const tracer = new Tracer(backend);
  const inputs = specs.map((spec) => tracer.input(spec));
  const outputs = within({ device: tracer, recorders: [] }, () => f(...inputs));
  const graph = tracer.finish(outputs);
  return { graph, captured: tracer.captured };
}

/** Runs `f`, whose nodes are named by where in a model they arise; outside a trace it simply runs. */
export function inScope<R>(name: string, f: () => R): R {
  const tracer = activeDevice();
  if (!(tracer instanceof Tracer)) return f();
  const before = tracer.scope;
  tracer.scope = name;
  try {
    return f();
  } finally {
    tracer.scope = before;
  }
}
