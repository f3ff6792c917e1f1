import {
  type Buffer,
  bytesPerElement,
  contiguousStrides,
  contiguousView,
  type Kernel,
  type Operand,
  type Plan,
  type PlanOperand,
  type PlanRunner,
  type PrimitiveAttributes,
  sizeOf,
  type Step,
} from '@tessera/core';
import { materialize } from './fill.ts';
import { GpuBuffer } from './memory.ts';
import { type Dispatch, placeParameters, type Recorder, type Runtime } from './runtime.ts';

/** What a plan does at every run. */
export interface PlanFacts {
  readonly dispatches: number;
  readonly submits: 1;
  /** What steps read and write of their operands, each element once for each step, and of what kernels keep in between. */
  readonly movedBytes: number;
  /** Beside inputs and outputs: slots, constants, and what kernels need while they run. */
  readonly memoryBytes: number;
  readonly pipelines: number;
}

/** The backend as a plan sees it. */
export interface Home {
  readonly runtime: Runtime;
  readonly kernels: Readonly<Record<string, Kernel<never>>>;
  allocate(byteLength: number): GpuBuffer;
  free(buffer: Buffer): void;
}

/** A prepared step: its bind groups by the blocks of the caller's buffers. */
interface Prepared {
  readonly dispatch: Dispatch;
  readonly parameters: number;
  /** Whether buffers of the caller are among those bound. */
  readonly open: boolean;
  readonly groups: Map<string, GPUBindGroup>;
}

/** The most bind groups that a dispatch keeps. */
const MOST_GROUPS = 64;
/** What constants give is worked out once, up to so many bytes. */
const LARGEST_CONSTANT = 2 ** 22;
const UNIFORM = 0x40;
const COPY_DST = 8;

/** A plan written down as dispatches: a run encodes them all in one pass and submits once. */
export class PreparedPlan implements PlanRunner {
  readonly facts: PlanFacts;
  readonly #home: Home;
  readonly #held: GpuBuffer[] = [];
  readonly #inputs: readonly GpuBuffer[];
  readonly #outputs: readonly GpuBuffer[];
  readonly #steps: readonly Prepared[];
  readonly #parameters: GPUBuffer;

  constructor(home: Home, plan: Plan) {
    const { runtime } = home;
    this.#home = home;
    const placeholder = ({ buffer }: PlanOperand): GpuBuffer => new GpuBuffer(plan.buffers[buffer].byteLength);
    this.#inputs = plan.inputs.map(placeholder);
    this.#outputs = plan.outputs.map(placeholder);
    const recording = new Recording((bytes) => this.#hold(bytes));
    const frame = new Frame(home, plan, (bytes) => this.#hold(bytes));
    recording.during(runtime, () => frame.record(recording, this.#inputs.map(whole), this.#outputs.map(whole)));

    const { dispatches } = recording;
    const places = placeParameters(dispatches.map(({ program }) => program.shader.words));
    const words = new Uint32Array(Math.max(4, places.total / 4));
    dispatches.forEach((dispatch, i) => words.set(dispatch.words, places.at[i] / 4 + 1));
    this.#parameters = runtime.device.createBuffer({ size: words.byteLength, usage: UNIFORM | COPY_DST });
    runtime.device.queue.writeBuffer(this.#parameters, 0, words);
    const open = new Set([...this.#inputs, ...this.#outputs]);
    this.#steps = dispatches.map((dispatch, i) => ({
      dispatch,
      parameters: places.at[i],
      open: dispatch.buffers.some((buffer) => open.has(buffer)),
      groups: new Map(),
    }));
    this.facts = {
      dispatches: dispatches.length,
      submits: 1,
      movedBytes: recording.movedBytes,
      memoryBytes: this.#held.reduce((sum, { byteLength }) => sum + byteLength, 0),
      pipelines: new Set(dispatches.map(({ program }) => program)).size,
    };
  }

  /** Makes all pipelines at once, so that the first run need not. */
  async compile(onReady?: (done: number, all: number) => void): Promise<void> {
    let done = 0;
    const { pipelines } = this.facts;
    await this.#home.runtime.compile(
      this.#steps.map(({ dispatch }) => dispatch.program),
      () => onReady?.(++done, pipelines),
    );
  }

  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    const { runtime } = this.#home;
    runtime.check();
    const given = [...inputs, ...outputs] as GpuBuffer[];
    given.forEach((buffer) => runtime.blockOf(materialize(runtime, buffer)));
    [...this.#inputs, ...this.#outputs].forEach((buffer, i) => (buffer.block = given[i].block));
    runtime.flush((encoder) => {
      if (this.#steps.length === 0) return;
      const pass = encoder.beginComputePass();
      for (const step of this.#steps) {
        const { program, x, y } = step.dispatch;
        pass.setPipeline(runtime.pipelineOf(program));
        pass.setBindGroup(0, this.#bindGroup(step));
        pass.dispatchWorkgroups(x, y);
      }
      pass.end();
      runtime.counters.dispatches += this.#steps.length;
    });
  }

  #bindGroup({ dispatch: { program, buffers }, parameters, open, groups }: Prepared): GPUBindGroup {
    const key = open ? buffers.map((buffer) => this.#home.runtime.blockOf(buffer).id).join() : '';
    let group = groups.get(key);
    if (!group) {
      if (groups.size >= MOST_GROUPS) groups.clear();
      const blocks = buffers.map((buffer) => this.#home.runtime.blockOf(buffer));
      groups.set(key, (group = this.#home.runtime.bind(program, this.#parameters, parameters, blocks)));
    }
    return group;
  }

  #hold(byteLength: number): GpuBuffer {
    const buffer = this.#home.allocate(byteLength);
    this.#held.push(buffer);
    return buffer;
  }

  dispose(): void {
    for (const buffer of this.#held) this.#home.free(buffer);
    this.#held.length = 0;
    this.#parameters.destroy();
  }
}

/** A buffer from some element on. */
interface Part {
  readonly buffer: GpuBuffer;
  readonly offset: number;
}

const whole = (buffer: GpuBuffer): Part => ({ buffer, offset: 0 });

/** Writes dispatches down. What is temporary belongs to the plan: used again by later ops, and by nobody else. */
class Recording implements Recorder {
  readonly dispatches: Dispatch[] = [];
  movedBytes = 0;
  readonly #allocate: (byteLength: number) => GpuBuffer;
  readonly #free: GpuBuffer[] = [];
  #taken: GpuBuffer[] = [];

  constructor(allocate: (byteLength: number) => GpuBuffer) {
    this.#allocate = allocate;
  }

  during(runtime: Runtime, f: () => void): void {
    const before = runtime.recorder;
    runtime.recorder = this;
    try {
      f();
    } finally {
      runtime.recorder = before;
    }
  }

  add(dispatch: Dispatch): void {
    this.dispatches.push(dispatch);
    for (const buffer of dispatch.buffers) if (this.#taken.includes(buffer)) this.movedBytes += buffer.byteLength;
  }

  /** Counts the operands of a step. */
  count(operands: readonly Operand[]): void {
    for (const { dtype, view } of operands) {
      const distinct = view.shape.filter((_, axis) => view.strides[axis] !== 0);
      this.movedBytes += sizeOf(distinct) * bytesPerElement(dtype);
    }
  }

  temporary(byteLength: number): GpuBuffer {
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= byteLength && buffer.byteLength <= 2 * byteLength);
    const buffer = at >= 0 ? this.#free.splice(at, 1)[0] : this.#allocate(byteLength);
    this.#taken.push(buffer);
    return buffer;
  }

  end(): void {
    this.#free.push(...this.#taken);
    this.#taken = [];
  }
}

/** A plan with memory for its temporaries, to be written down once or, as the body of a loop, many times. */
class Frame {
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
    const { buffers } = this.#plan;
    const { runtime, kernels } = this.#home;
    const isTemporary = ({ buffer }: PlanOperand): boolean => buffers[buffer].role === 'temporary';
    const settles = ({ op, inputs, outputs, body }: Step): boolean =>
      !body &&
      outputs.every((output) => isTemporary(output) && buffers[output.buffer].byteLength <= LARGEST_CONSTANT) &&
      (op === 'fill' || (inputs.length > 0 && inputs.every(({ buffer }) => this.#buffers[buffer])));
    return this.#plan.steps.filter((step) => {
      if (!settles(step)) return true;
      for (const { buffer } of step.outputs) this.#buffers[buffer] = this.#hold(buffers[buffer].byteLength);
      const bind = (operand: PlanOperand): Operand => ({ ...operand, buffer: this.#buffers[operand.buffer]! });
      (kernels[step.op] as Kernel<unknown>)(step.inputs.map(bind), step.attributes, step.outputs.map(bind));
      runtime.end();
      return false;
    });
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
    const puts = op === 'copy' || op === 'concat';
    const made = outputs.map((output, i) => (!puts && isPart(planned[i]) ? apart(runtime, output) : output));
    (kernels[op] as Kernel<unknown>)(inputs, attributes, made);
    made.forEach((from, i) => from !== outputs[i] && (kernels['copy'] as unknown as Kernel<object>)([from], {}, [outputs[i]]));
  }
}

/** An operand in memory of its own, from the start. */
function apart(runtime: Runtime, { dtype, view: { shape } }: Operand): Operand {
  const buffer = runtime.temporary(sizeOf(shape) * bytesPerElement(dtype));
  return { buffer, dtype, view: contiguousView(shape) };
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
    const { shape } = to.view;
    const from = { buffer, dtype: to.dtype, view: { shape, strides: contiguousStrides(shape), offset } };
    (this.#home.kernels['copy'] as unknown as Kernel<object>)([from], {}, [to]);
  }
}

/** One element along axis 0. */
function element({ buffer, dtype, view }: Operand, at: number): Operand {
  const [, ...shape] = view.shape;
  const [stride, ...strides] = view.strides;
  return { buffer, dtype, view: { shape, strides, offset: view.offset + at * stride } };
}
