import {
  type Buffer,
  bytesPerElement,
  type DType,
  contiguousView,
  type Kernel,
  type Operand,
  type Plan,
  type PlanOperand,
  type PrimitiveAttributes,
  sizeOf,
  type Step,
} from '@tessera/core';
import type { GpuBuffer } from './memory.ts';
import type { Recording } from './recording.ts';
import type { Runtime } from './runtime.ts';
import { temporary } from './temporary.ts';

/** Ops whose kernels write words from any place on. */
const placing: ReadonlySet<string> = new Set(['sum', 'scatter']);

/** The backend as a plan sees it. */
export interface Home {
  readonly runtime: Runtime;
  readonly kernels: Readonly<Record<string, Kernel<never>>>;
  allocate(byteLength: number): GpuBuffer;
  free(buffer: Buffer): void;
}

/** What constants give is worked out once, up to so many bytes. */
const LARGEST_CONSTANT = 2 ** 22;

/** A buffer from some element on. */
export interface Part {
  readonly buffer: GpuBuffer;
  readonly offset: number;
}

export const whole = (buffer: GpuBuffer): Part => ({ buffer, offset: 0 });

/** A plan with memory for its temporaries, to be written down once or, as the body of a loop, many times. */
export class Frame {
  readonly #home: Home;
  readonly #plan: Plan;
  readonly #hold: (byteLength: number) => GpuBuffer;
  readonly #buffers: (GpuBuffer | undefined)[];
  readonly #steps: readonly Step[];
  readonly #loops = new Map<Step, Loop>();

  constructor(home: Home, plan: Plan, hold: (byteLength: number) => GpuBuffer) {
    this.#home = home;
    this.#plan = plan;
    this.#hold = hold;
    this.#buffers = plan.buffers.map(() => undefined);
    this.#steps = this.#settle();
    const used = new Set(this.#steps.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ buffer }) => buffer)));
    const taken = new Map<number, GpuBuffer>();
    for (const index of used) {
      const { slot } = plan.buffers[index];
      if (slot === undefined || this.#buffers[index]) continue;
      if (!taken.has(slot)) taken.set(slot, hold(plan.slots[slot]));
      this.#buffers[index] = taken.get(slot)!;
    }
    for (const step of this.#steps) if (step.body) this.#loops.set(step, new Loop(home, step, hold));
  }

  /** Does now what depends on constants alone, and gives the other steps. */
  #settle(): Step[] {
    const { buffers, steps } = this.#plan;
    const constant = this.#constantSteps();
    const bind = (operand: PlanOperand): Operand => ({ ...operand, buffer: this.#buffers[operand.buffer]! });
    for (const step of steps) {
      if (!constant.has(step)) continue;
      for (const { buffer } of step.outputs) this.#buffers[buffer] ??= this.#hold(buffers[buffer].byteLength);
      this.#call(step, step.inputs.map(bind), step.outputs.map(bind));
      this.#home.runtime.end();
    }
    return steps.filter((step) => !constant.has(step));
  }

  /** The steps that depend on constants alone, and whose outputs no other step writes to: pieces of one buffer are made by several. */
  #constantSteps(): ReadonlySet<Step> {
    const { buffers, steps } = this.#plan;
    const writers = new Map<number, Step[]>();
    for (const step of steps) for (const { buffer } of step.outputs) writers.set(buffer, [...(writers.get(buffer) ?? []), step]);
    const isSmall = ({ buffer }: PlanOperand): boolean =>
      buffers[buffer].role === 'temporary' && buffers[buffer].byteLength <= LARGEST_CONSTANT;
    const constant = new Set(
      steps.filter(({ op, inputs, outputs, body }) => !body && outputs.every(isSmall) && (op === 'fill' || inputs.length > 0)),
    );
    const isMade = ({ buffer }: PlanOperand): boolean => writers.get(buffer)?.every((step) => constant.has(step)) ?? false;
    for (let before = -1; before !== constant.size; ) {
      before = constant.size;
      for (const step of constant) if (![...step.inputs, ...step.outputs].every(isMade)) constant.delete(step);
    }
    return constant;
  }

  record(recording: Recording, inputs: readonly Part[], outputs: readonly Part[]): void {
    const { runtime } = this.#home;
    const parts = new Map<number, Part>();
    this.#plan.inputs.forEach(({ buffer }, i) => parts.set(buffer, inputs[i]));
    this.#plan.outputs.forEach(({ buffer }, i) => parts.set(buffer, outputs[i]));
    const bind = ({ buffer: index, dtype, view }: PlanOperand): Operand => {
      const { buffer, offset } = parts.get(index) ?? whole(this.#buffers[index]!);
      return { buffer, dtype, view: { ...view, offset: view.offset + offset } };
    };
    for (const step of this.#steps) {
      const given = step.inputs.map(bind);
      const made = step.outputs.map(bind);
      if (step.body) this.#loops.get(step)!.record(recording, given, made);
      else {
        recording.count([...given, ...made]);
        this.#call(step, given, made);
      }
      runtime.end();
    }
  }

  /** Kernels write whole words from the start of a buffer, most of them: what is to be a part of one is made apart and copied. */
  #call({ op, attributes, outputs: planned }: Step, inputs: readonly Operand[], outputs: readonly Operand[]): void {
    const { runtime, kernels } = this.#home;
    const isPart = ({ buffer, dtype, view }: PlanOperand): boolean =>
      view.offset > 0 ||
      (bytesPerElement(dtype) < 4 && this.#plan.buffers[buffer].byteLength > sizeOf(view.shape) * bytesPerElement(dtype));
    const puts = (dtype: DType): boolean => op === 'copy' || op === 'concat' || (placing.has(op) && bytesPerElement(dtype) === 4);
    const made = outputs.map((output, i) =>
      !puts(output.dtype) && isPart(planned[i]) ? temporary(runtime, output.dtype, output.view.shape) : output,
    );
    (kernels[op] as Kernel<unknown>)(inputs, attributes, made);
    made.forEach((from, i) => from !== outputs[i] && (kernels['copy'] as unknown as Kernel<object>)([from], {}, [outputs[i]]));
  }
}

/** The body of a `scan`, written down once for each turn. It reads sequences where they lie; the carry changes place at every turn. */
class Loop {
  readonly #home: Home;
  readonly #frame: Frame;
  readonly #attributes: PrimitiveAttributes['scan'];
  readonly #carries: readonly [readonly GpuBuffer[], readonly GpuBuffer[]];
  readonly #results: readonly GpuBuffer[];

  constructor(home: Home, step: Step, hold: (byteLength: number) => GpuBuffer) {
    const body = step.body!;
    this.#home = home;
    this.#attributes = step.attributes as PrimitiveAttributes['scan'];
    this.#frame = new Frame(home, body, hold);
    const { carry } = this.#attributes;
    const allocate = (operands: readonly PlanOperand[]): GpuBuffer[] =>
      operands.map(({ view, dtype }) => hold(sizeOf(view.shape) * bytesPerElement(dtype)));
    this.#carries = [allocate(body.outputs.slice(0, carry)), allocate(body.outputs.slice(0, carry))];
    this.#results = allocate(body.outputs.slice(carry));
  }

  record(recording: Recording, inputs: readonly Operand[], outputs: readonly Operand[]): void {
    const { constants, carry, length, reverse } = this.#attributes;
    const partOf = ({ buffer, view }: Operand): Part => ({ buffer: buffer as GpuBuffer, offset: view.offset });
    const fixed = inputs.slice(0, constants).map(partOf);
    let from = inputs.slice(constants, constants + carry).map(partOf);
    for (let turn = 0; turn < length; turn++) {
      const at = reverse ? length - 1 - turn : turn;
      const elements = inputs.slice(constants + carry).map((sequence) => partOf(element(sequence, at)));
      const to = this.#carries[turn % 2].map(whole);
      this.#frame.record(recording, [...fixed, ...from, ...elements], [...to, ...this.#results.map(whole)]);
      this.#results.forEach((buffer, i) => this.#copy(buffer, 0, element(outputs[carry + i], at)));
      from = to;
    }
    from.forEach(({ buffer, offset }, i) => this.#copy(buffer, offset, outputs[i]));
  }

  #copy(buffer: GpuBuffer, offset: number, to: Operand): void {
    const from = { buffer, dtype: to.dtype, view: contiguousView(to.view.shape, offset) };
    (this.#home.kernels['copy'] as unknown as Kernel<object>)([from], {}, [to]);
  }
}

/** One element along axis 0. */
function element({ buffer, dtype, view }: Operand, at: number): Operand {
  const [, ...shape] = view.shape;
  const [stride, ...strides] = view.strides;
  return { buffer, dtype, view: { shape, strides, offset: view.offset + at * stride } };
}
