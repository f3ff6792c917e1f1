import type { Buffer, Plan, PlanOperand, PlanRunner } from '@tessera/core';
import { materialize } from './fill.ts';
import { Frame, type Home, whole } from './frame.ts';
import { GpuBuffer } from './memory.ts';
import { packParameters } from './parameters.ts';
import { Recording } from './recording.ts';
import type { Dispatch } from './batch.ts';

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
    const { words, places } = packParameters(dispatches);
    this.#parameters = runtime.device.createBuffer({ size: Math.max(16, words.byteLength), usage: UNIFORM | COPY_DST });
    if (words.length) runtime.device.queue.writeBuffer(this.#parameters, 0, words);
    const open = new Set([...this.#inputs, ...this.#outputs]);
    this.#steps = dispatches.map((dispatch, i) => ({
      dispatch,
      parameters: places[i],
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
  async compile(onProgress?: (done: number, all: number) => void): Promise<void> {
    await this.#home.runtime.compile(
      this.#steps.map(({ dispatch }) => dispatch.program),
      onProgress,
    );
  }

  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    const { runtime } = this.#home;
    runtime.check();
    const given = [...inputs, ...outputs] as GpuBuffer[];
    given.forEach((buffer) => runtime.blockOf(materialize(runtime, buffer)));
    // Of what is written over an input nothing is known any more.
    for (const output of outputs as readonly GpuBuffer[]) output.constant = undefined;
    [...this.#inputs, ...this.#outputs].forEach((buffer, i) => (buffer.block = given[i].block));
    runtime.flush((pass) => {
      for (const step of this.#steps) {
        const { program, x, y } = step.dispatch;
        pass.setPipeline(runtime.pipelineOf(program));
        pass.setBindGroup(0, this.#bindGroup(step));
        pass.dispatchWorkgroups(x, y);
      }
      return this.#steps.length;
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
