import type { Backend, Buffer, Operand } from '../backend.ts';
import type { PrimitiveAttributes } from '../primitives/attributes.ts';
import { contiguousStrides } from '../view.ts';
import type { Plan, PlanOperand, PlanRunner, Step } from './plan.ts';

/** Makes a plan ready: by the backend's own means where it has them, otherwise step by step. */
export function preparePlan(backend: Backend, plan: Plan): PlanRunner {
  return backend.prepare?.(plan) ?? new Interpreter(backend, plan);
}

/** Runs a plan one kernel call after another. Operands are bound to memory once; a run only swaps the caller's. */
class Interpreter implements PlanRunner {
  readonly #backend: Backend;
  readonly #plan: Plan;
  readonly #slots: Buffer[];
  readonly #steps: { run(): void; dispose(): void }[] = [];
  readonly #buffers: Buffer[];
  readonly #bound: { operand: { -readonly [K in keyof Operand]: Operand[K] }; buffer: number }[] = [];

  constructor(backend: Backend, plan: Plan) {
    this.#backend = backend;
    this.#plan = plan;
    this.#slots = allocateAll(backend, plan.slots);
    this.#buffers = plan.buffers.map(({ slot }) => (slot === undefined ? (undefined as never) : this.#slots[slot]!));
    try {
      for (const step of plan.steps) this.#steps.push(this.#prepare(step));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    this.#plan.inputs.forEach(({ buffer }, i) => (this.#buffers[buffer] = inputs[i]!));
    this.#plan.outputs.forEach(({ buffer }, i) => (this.#buffers[buffer] = outputs[i]!));
    for (const { operand, buffer } of this.#bound) operand.buffer = this.#buffers[buffer]!;
    for (const step of this.#steps) step.run();
  }

  dispose(): void {
    for (const step of this.#steps.splice(0)) step.dispose();
    for (const slot of this.#slots.splice(0)) this.#backend.free(slot);
  }

  #bind({ buffer, dtype, view }: PlanOperand): Operand {
    const operand = { buffer: this.#buffers[buffer]!, dtype, view };
    if (this.#plan.buffers[buffer]!.role !== 'temporary') this.#bound.push({ operand, buffer });
    return operand;
  }

  #prepare(step: Step): { run(): void; dispose(): void } {
    const backend = this.#backend;
    const inputs = step.inputs.map((operand) => this.#bind(operand));
    const outputs = step.outputs.map((operand) => this.#bind(operand));
    if (step.body) return new Loop(backend, step.body, step.attributes as PrimitiveAttributes['scan'], inputs, outputs);
    const { op, attributes } = step;
    return { run: () => backend.execute(op, inputs, attributes, outputs), dispose: () => {} };
  }
}

/** Runs the body of a `scan` once for each element of its sequences. The carry changes place at every turn. */
class Loop {
  readonly #backend: Backend;
  readonly #body: PlanRunner;
  readonly #attributes: PrimitiveAttributes['scan'];
  readonly #inputs: readonly Operand[];
  readonly #outputs: readonly Operand[];
  readonly #carries: [Buffer[], Buffer[]];
  readonly #elements: Buffer[];
  readonly #results: Buffer[];
  readonly #constants: Buffer[];

  constructor(
    backend: Backend,
    body: Plan,
    attributes: PrimitiveAttributes['scan'],
    inputs: readonly Operand[],
    outputs: readonly Operand[],
  ) {
    const bytes = ({ buffer }: PlanOperand): number => body.buffers[buffer]!.byteLength;
    const { constants, carry } = attributes;
    this.#backend = backend;
    this.#body = preparePlan(backend, body);
    this.#attributes = attributes;
    this.#inputs = inputs;
    this.#outputs = outputs;
    const carries = body.outputs.slice(0, carry);
    const given = [...body.inputs.slice(0, constants), ...body.inputs.slice(constants + carry)];
    let buffers: Buffer[];
    try {
      buffers = allocateAll(backend, [...given, ...body.outputs, ...carries].map(bytes));
    } catch (error) {
      this.#body.dispose();
      throw error;
    }
    const take = (count: number): Buffer[] => buffers.splice(0, count);
    this.#constants = take(constants);
    this.#elements = take(given.length - constants);
    const first = take(carry);
    this.#results = take(body.outputs.length - carry);
    this.#carries = [first, buffers];
  }

  run(): void {
    const { constants, carry, length, reverse } = this.#attributes;
    this.#constants.forEach((buffer, i) => this.#copy(this.#inputs[i]!, whole(this.#inputs[i]!, buffer)));
    let [from, to] = this.#carries;
    from.forEach((buffer, i) => this.#copy(this.#inputs[constants + i]!, whole(this.#inputs[constants + i]!, buffer)));
    for (let turn = 0; turn < length; turn++) {
      const at = reverse ? length - 1 - turn : turn;
      this.#elements.forEach((buffer, i) => {
        const part = element(this.#inputs[constants + carry + i]!, at);
        this.#copy(part, whole(part, buffer));
      });
      this.#body.run([...this.#constants, ...from, ...this.#elements], [...to, ...this.#results]);
      this.#results.forEach((buffer, i) => {
        const part = element(this.#outputs[carry + i]!, at);
        this.#copy(whole(part, buffer), part);
      });
      [from, to] = [to, from];
    }
    from.forEach((buffer, i) => this.#copy(whole(this.#outputs[i]!, buffer), this.#outputs[i]!));
  }

  dispose(): void {
    this.#body.dispose();
    const all = [...this.#constants, ...this.#carries.flat(), ...this.#elements, ...this.#results];
    for (const buffer of all) this.#backend.free(buffer);
  }

  #copy(from: Operand, to: Operand): void {
    this.#backend.execute('copy', [from], {}, [to]);
  }
}

/** Buffers of so many bytes each, or none of them. */
function allocateAll(backend: Backend, sizes: readonly number[]): Buffer[] {
  const buffers: Buffer[] = [];
  try {
    for (const bytes of sizes) buffers.push(backend.allocate(bytes));
    return buffers;
  } catch (error) {
    for (const buffer of buffers) backend.free(buffer);
    throw error;
  }
}

function whole({ dtype, view: { shape } }: Operand, buffer: Buffer): Operand {
  return { buffer, dtype, view: { shape, strides: contiguousStrides(shape), offset: 0 } };
}

/** One element along axis 0. */
function element({ buffer, dtype, view }: Operand, at: number): Operand {
  const [, ...shape] = view.shape;
  const [stride, ...strides] = view.strides;
  return { buffer, dtype, view: { shape, strides, offset: view.offset + at * stride! } };
}
