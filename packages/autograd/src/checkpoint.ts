import {
  activeDevice,
  ambient,
  announceAssign,
  announceDraw,
  announceRead,
  type Cell,
  isTensor,
  type OpEvent,
  type Random,
  type Recorder,
  snapshot,
  type StateHandler,
  type Tensor,
  Tracer,
  treeFlatten,
  type Variable,
  within,
  withoutRecorders,
  withRecorder,
} from '@tessera/tensor';
import { announceAs } from './custom.ts';
import { newTape } from './rules.ts';

/** Finds what a function uses without having been given or having made it: tensors, variables, and where sources of random numbers stood. */
class Outsiders implements Recorder {
  readonly tensors: Set<Tensor> = new Set();
  /** The value of each when it was first read. */
  readonly variables: Map<Variable, Tensor> = new Map();
  readonly assigned: Map<Variable, Tensor> = new Map();
  readonly draws: Map<Random, number> = new Map();
  readonly #known: Set<Tensor>;

  constructor(known: readonly Tensor[]) {
    this.#known = new Set(known);
  }
  record({ inputs, outputs }: OpEvent): void {
    for (const input of inputs) if (!this.#known.has(input)) this.tensors.add(input);
    for (const output of outputs) this.#known.add(output);
  }
  read(variable: Variable, value: Tensor): void {
    this.#known.add(value);
    if (!this.variables.has(variable) && !this.assigned.has(variable)) this.variables.set(variable, value);
  }
  assign(variable: Variable, value: Tensor): void {
    this.assigned.set(variable, value);
  }
  draw(random: Random): void {
    if (!this.draws.has(random)) this.draws.set(random, random.draws);
  }

  /** Tells those who listen around of what was used. */
  announce(): void {
    for (const [variable, value] of this.variables) announceRead(variable, value);
    for (const [variable, value] of this.assigned) announceAssign(variable, value);
    for (const [random, before] of this.draws) at(new Map([[random, before]]), () => announceDraw(random));
  }
}

/** Variables as they were when a function first read them; what it assigns stays with it. */
class Replayed implements StateHandler {
  readonly #values: Map<Cell, Tensor>;
  readonly #around: StateHandler | undefined = ambient().state;
  readonly counter: StateHandler['counter'] = this.#around?.counter?.bind(this.#around);

  constructor(values: ReadonlyMap<Cell, Tensor>) {
    this.#values = new Map(values);
  }
  get trace(): object | undefined {
    return this.#around?.trace;
  }
  read(cell: Cell): Tensor {
    return this.#values.get(cell) ?? this.#around?.read(cell) ?? cell.peek().alias();
  }
  assign(cell: Cell, value: Tensor): void {
    this.#values.set(cell, value);
  }
}

/** Runs `f` with sources of random numbers put back to where they stood, and leaves them where they are now. */
function at<R>(positions: ReadonlyMap<Random, number>, f: () => R): R {
  const now = new Map([...positions.keys()].map((random) => [random, random.draws]));
  const put = (places: ReadonlyMap<Random, number>): void => places.forEach((draws, random) => void (random.draws = draws));
  put(positions);
  try {
    return f();
  } finally {
    put(now);
  }
}

let regions = 0;

// What is recomputed lies in a region of its own, so that no pass merges it with what was computed the first time.
function inNewRegion<R>(f: () => R): R {
  const tracer = activeDevice();
  if (!(tracer instanceof Tracer)) return f();
  const before = tracer.region;
  tracer.region = ++regions;
  try {
    return f();
  } finally {
    tracer.region = before;
  }
}

/**
 * The same function, whose intermediates are not kept for the gradient but computed again when it is asked for:
 * memory for time. What is computed again is the same to the bit: random draws, the context of modules and the values of variables
 * are those of the first time, and variables are assigned once.
 *
 * @see Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost". https://arxiv.org/abs/1604.06174
 */
export function checkpoint<A extends readonly unknown[], R>(f: (...inputs: A) => R): (...inputs: A) => R {
  return (...inputs) => {
    const given = treeFlatten(inputs).leaves.filter(isTensor);
    const outsiders = new Outsiders(given);
    const { context, loop } = snapshot();
    const result = withoutRecorders(() => withRecorder(outsiders, () => f(...inputs)));
    outsiders.announce();

    const sources = [...given, ...outsiders.tensors, ...outsiders.variables.keys()];
    const used = [...given, ...outsiders.tensors, ...outsiders.variables.values()];
    const outputs = treeFlatten(result).leaves.filter(isTensor);
    announceAs('checkpoint', used, outputs, (cotangents) =>
      inNewRegion(() => {
        const tape = newTape();
        for (const tensor of [...given, ...outsiders.tensors]) tape.watch(tensor);
        for (const variable of outsiders.variables.keys()) tape.watchVariable(variable);
        const around = { context: context?.copy(), loop, state: new Replayed(outsiders.variables) };
        const again = within(around, () => at(outsiders.draws, () => withRecorder(tape, () => f(...inputs))));
        return tape.gradients(treeFlatten(again).leaves.filter(isTensor), cotangents, sources);
      }),
    );
    return result;
  };
}
