import { ShapeError } from '@tessera/core';
import { type Command, type Dispatch, encode, isDispatch } from './batch.ts';
import { type Block, GpuBuffer, Pool } from './memory.ts';
import { packParameters, type Parameters } from './parameters.ts';
import { Pipelines } from './pipelines.ts';
import type { Program, Shader } from './program.ts';
import { Readback } from './readback.ts';
import { Refusals } from './refusals.ts';
import type { Tiles } from './tiles.ts';

/** What was done since the backend was made. */
export interface Counters {
  readonly dispatches: number;
  readonly submits: number;
  /** Written to the device and read from it. */
  readonly transferredBytes: number;
  readonly pipelines: number;
  /** Buffers through which tensors were read: few, however often. */
  readonly stagingBuffers: number;
}

/** Who writes dispatches down instead of the runtime. */
export interface Recorder {
  add(dispatch: Dispatch): void;
  temporary(byteLength: number): GpuBuffer;
  /** Ends an op: what was temporary may be used by the next. */
  end(): void;
}

const UNIFORM = 0x40;
const COPY_DST = 8;
/** After so many dispatches they are submitted, so that the device has something to do. */
const LONGEST_BATCH = 128;

/** A device with its queue: dispatches and reads are gathered into batches, each one encoder and one submit. */
export class Runtime {
  readonly device: GPUDevice;
  readonly pool: Pool;
  /** Whether the device is the processor itself. */
  readonly software: boolean;
  /** Whether shaders can have halves as elements of their bindings. */
  readonly halves: boolean;
  /** Where products keep their tiles. */
  readonly tiles: Tiles;
  /** The parameters' size that this device has: workgroups along an axis, storage bindings, invocations, shared bytes. */
  readonly limits: GPUSupportedLimits;
  recorder: Recorder | undefined;
  readonly #pipelines: Pipelines;
  readonly #readback: Readback;
  readonly #refusals: Refusals;
  #batch: Command[] = [];
  #batches = 0;
  #reading: Promise<void> | undefined;
  #parameters: GPUBuffer | undefined;
  #temporaries: GpuBuffer[] = [];
  #dispatches = 0;
  #submits = 0;
  #transferredBytes = 0;

  constructor(device: GPUDevice, pool: Pool, { software, tiles }: { readonly software: boolean; readonly tiles: Tiles }) {
    this.device = device;
    this.pool = pool;
    this.software = software;
    this.halves = device.features.has('shader-f16');
    this.tiles = tiles;
    this.limits = device.limits;
    this.#pipelines = new Pipelines(device);
    this.#readback = new Readback(device);
    this.#refusals = new Refusals(device);
  }

  get counters(): Counters {
    return {
      dispatches: this.#dispatches,
      submits: this.#submits,
      transferredBytes: this.#transferredBytes,
      pipelines: this.#pipelines.made,
      stagingBuffers: this.#readback.made,
    };
  }

  /** Throws what the device refused since it was last asked; after its loss, at every call. */
  check(): void {
    this.#refusals.check();
  }

  /** The program of a key, which begins with the op's name. */
  program(key: string, shader: () => Shader): Program {
    return this.#pipelines.program(key, shader);
  }

  /** Runs a program, in so many workgroups: in two dimensions where one is not enough. */
  run(program: Program, buffers: readonly GpuBuffer[], words: readonly number[], workgroups: number): void {
    if (workgroups === 0) return;
    const most = this.limits.maxComputeWorkgroupsPerDimension;
    const y = Math.ceil(workgroups / most);
    const x = Math.ceil(workgroups / y);
    if (y > most || x * y * program.shader.workgroup > 2 ** 32) {
      throw new ShapeError(`[${program.op}] the device runs ${most}² workgroups: got ${workgroups}. Work on parts.`);
    }
    const dispatch = { program, buffers, words, x, y };
    if (this.recorder) return this.recorder.add(dispatch);
    for (const buffer of buffers) this.blockOf(buffer).batch = this.#batches;
    this.#batch.push(dispatch);
    if (this.#batch.length >= LONGEST_BATCH) this.flush();
  }

  /** Memory for the op that runs now. */
  temporary(byteLength: number): GpuBuffer {
    if (this.recorder) return this.recorder.temporary(byteLength);
    const buffer = new GpuBuffer(byteLength);
    this.#temporaries.push(buffer);
    return buffer;
  }

  /** Ends an op. */
  end(): void {
    if (this.recorder) return this.recorder.end();
    for (const { block } of this.#temporaries) if (block) this.pool.give(block);
    this.#temporaries = [];
  }

  /** The block of a buffer, which it gets now at the latest. */
  blockOf(buffer: GpuBuffer): Block {
    return (buffer.block ??= this.pool.take(buffer.byteLength));
  }

  /** Puts bytes at the start of a buffer, after all that was enqueued before. */
  write(buffer: GpuBuffer, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    const block = this.blockOf(buffer);
    if (block.batch === this.#batches) this.flush();
    const whole = bytes.byteLength - (bytes.byteLength % 4);
    const { queue } = this.device;
    if (whole) queue.writeBuffer(block.gpu, 0, bytes as Uint8Array<ArrayBuffer>, 0, whole);
    if (whole < bytes.byteLength) {
      const last = new Uint8Array(4);
      last.set(bytes.subarray(whole));
      queue.writeBuffer(block.gpu, whole, last);
    }
    this.#transferredBytes += bytes.byteLength;
  }

  /** Bytes of a buffer as they are now. What is read before the caller next waits is submitted at once. */
  async read(buffer: GpuBuffer, byteOffset: number, byteLength: number): Promise<Uint8Array> {
    if (byteLength === 0) return new Uint8Array();
    const [offset, end] = [byteOffset - (byteOffset % 4), Math.ceil((byteOffset + byteLength) / 4) * 4];
    const from = this.blockOf(buffer);
    const to = this.#readback.reserve(end - offset);
    from.batch = this.#batches;
    this.#batch.push({ from, offset, bytes: end - offset, to });
    this.#reading ??= Promise.resolve().then(() => {
      this.#reading = undefined;
      this.flush();
    });
    await this.#reading;
    const bytes = await this.#refusals.answered(this.#readback.take(to, byteOffset - offset, byteLength));
    this.#transferredBytes += byteLength;
    return bytes;
  }

  /** Submits what was gathered, and a plan's run behind it: one encoder, one submit. */
  flush(plan?: (pass: GPUComputePassEncoder) => number): void {
    const batch = this.#batch;
    if (batch.length === 0 && !plan) return;
    this.#batch = [];
    this.#batches++;
    this.#refusals.guarded(() => {
      const encoder = this.device.createCommandEncoder();
      this.#dispatches += encode(encoder, batch, this.#pipelines, this.#parametersOf(batch));
      if (plan) {
        const pass = encoder.beginComputePass();
        this.#dispatches += plan(pass);
        pass.end();
      }
      this.device.queue.submit([encoder.finish()]);
    });
    this.#readback.close();
    this.#submits++;
    this.pool.sweep();
  }

  /** The parameters of a batch on the device. */
  #parametersOf(batch: readonly Command[]): Parameters {
    const { words, places } = packParameters(batch.filter(isDispatch));
    if (!this.#parameters || this.#parameters.size < words.byteLength) {
      this.#parameters?.destroy();
      this.#parameters = this.device.createBuffer({ size: Math.max(65_536, words.byteLength), usage: UNIFORM | COPY_DST });
    }
    // Of reads alone there are none, and nothing may not be written in Deno.
    if (words.length) this.device.queue.writeBuffer(this.#parameters, 0, words);
    return { buffer: this.#parameters, places };
  }

  bind(program: Program, parameters: GPUBuffer, offset: number, blocks: readonly Block[]): GPUBindGroup {
    return this.#pipelines.bind(program, parameters, offset, blocks);
  }

  pipelineOf(program: Program): GPUComputePipeline {
    return this.#pipelines.of(program);
  }

  /** Makes the pipelines of programs ready beside one another, and those of what is still to be submitted. */
  async compile(programs: readonly Program[], onProgress?: (done: number, all: number) => void): Promise<void> {
    this.check();
    const gathered = this.#batch.filter(isDispatch).map(({ program }) => program);
    await this.#pipelines.compile([...gathered, ...programs], onProgress);
  }

  /** Gives everything back, and the device too where it is the backend's own. */
  close(ownsDevice: boolean): void {
    this.#refusals.close();
    this.#batch = [];
    this.#pipelines.clear();
    this.#readback.destroy();
    this.#parameters?.destroy();
    this.pool.destroy();
    if (ownsDevice) this.device.destroy();
  }
}
