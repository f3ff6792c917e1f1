import { DeviceError, DeviceLostError, ShapeError } from '@tessera/core';
import { type Block, GpuBuffer, Pool } from './memory.ts';
import { Program, type Shader, sourceOf } from './program.ts';

/** One run of a program over buffers. */
export interface Dispatch {
  readonly program: Program;
  readonly buffers: readonly GpuBuffer[];
  /** The parameters but for the first, which is 0. */
  readonly words: readonly number[];
  readonly x: number;
  readonly y: number;
}

/** What was done since the backend was made. */
export interface Counters {
  dispatches: number;
  submits: number;
  /** Written to the device and read from it. */
  transferredBytes: number;
  pipelines: number;
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
const MAP_READ = 1;
const COMPUTE = 4;
/** Parameters begin at multiples of it. */
const ALIGNMENT = 256;
/** After so many dispatches they are submitted, so that the device has something to do. */
const LONGEST_BATCH = 128;

/** A device with its queue: dispatches are gathered into batches, each one encoder and one submit. */
export class Runtime {
  readonly device: GPUDevice;
  readonly pool: Pool;
  /** Whether the device is the processor itself. */
  readonly software: boolean;
  readonly counters: Counters = { dispatches: 0, submits: 0, transferredBytes: 0, pipelines: 0 };
  /** The parameters' size that this device has: workgroups along an axis, storage bindings, invocations, shared bytes. */
  readonly limits: GPUSupportedLimits;
  recorder: Recorder | undefined;
  readonly #programs = new Map<string, Program>();
  readonly #layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  readonly #staging: GPUBuffer[] = [];
  #batch: Dispatch[] = [];
  #batches = 0;
  #parameters: GPUBuffer | undefined;
  #temporaries: GpuBuffer[] = [];
  #checks: Promise<void> = Promise.resolve();
  #failure: DeviceError | undefined;
  #closed = false;

  constructor(device: GPUDevice, pool: Pool, software: boolean) {
    this.device = device;
    this.pool = pool;
    this.software = software;
    this.limits = device.limits;
    void device.lost.then(({ message, reason }) => {
      if (this.#closed) return;
      this.#failure = new DeviceLostError(
        `[webgpu] the device was lost (${reason}): ${message.replace(/\.$/, '')}. Make another backend with await webgpu(), and load the last saved state.`,
      );
    });
    // What is refused outside of a batch: buffers that could not be made.
    device.addEventListener?.('uncapturederror', ((event: GPUUncapturedErrorEvent) => {
      event.preventDefault();
      this.#fail(event.error.message);
    }) as EventListener);
  }

  /** Throws what the device refused since it was last asked; after its loss, at every call. */
  check(): void {
    const failure = this.#failure;
    if (!failure) return;
    if (!DeviceLostError.is(failure)) this.#failure = undefined;
    throw failure;
  }

  /** The program of a key, which begins with the op's name. */
  program(key: string, shader: () => Shader): Program {
    let program = this.#programs.get(key);
    if (!program) this.#programs.set(key, (program = new Program(key, shader())));
    return program;
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
    this.#add({ program, buffers, words, x, y });
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

  #add(dispatch: Dispatch): void {
    if (this.recorder) return this.recorder.add(dispatch);
    for (const buffer of dispatch.buffers) this.blockOf(buffer).batch = this.#batches;
    this.#batch.push(dispatch);
    if (this.#batch.length >= LONGEST_BATCH) this.flush();
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
    this.counters.transferredBytes += bytes.byteLength;
  }

  async read(buffer: GpuBuffer, byteOffset: number, byteLength: number): Promise<Uint8Array> {
    if (byteLength === 0) return new Uint8Array();
    const [first, end] = [byteOffset - (byteOffset % 4), Math.ceil((byteOffset + byteLength) / 4) * 4];
    const staging = this.#takeStaging(end - first);
    this.flush((encoder) => encoder.copyBufferToBuffer(this.blockOf(buffer).gpu, first, staging, 0, end - first));
    const checks = this.#checks;
    try {
      await staging.mapAsync(MAP_READ, 0, end - first);
      await checks;
    } catch (cause) {
      // A mapping that is given up, where nobody disposed of the buffer, tells of a loss: sooner, it may be, than the device does.
      const lost = (cause as Error).name === 'AbortError' && !this.#closed;
      await (lost ? this.device.lost : checks);
      this.check();
      throw new DeviceError('[webgpu] reading failed. The backend may have been disposed meanwhile.', { cause });
    }
    this.check();
    const bytes = new Uint8Array(staging.getMappedRange(0, end - first)).slice(byteOffset - first, byteOffset - first + byteLength);
    staging.unmap();
    this.#giveStaging(staging);
    this.counters.transferredBytes += byteLength;
    return bytes;
  }

  /** A buffer to read from that is as large, made at least a little large so that the next reader can use it too. */
  #takeStaging(bytes: number): GPUBuffer {
    const at = this.#staging.findIndex(({ size }) => size >= bytes && size <= 4 * bytes + 4096);
    if (at >= 0) return this.#staging.splice(at, 1)[0];
    return this.device.createBuffer({ size: Math.max(256, bytes), usage: MAP_READ | COPY_DST });
  }

  #giveStaging(buffer: GPUBuffer): void {
    this.#staging.push(buffer);
    if (this.#staging.length > 8) this.#staging.shift()!.destroy();
  }

  /** Submits what was gathered: one encoder, one pass, one submit. */
  flush(last?: (encoder: GPUCommandEncoder) => void): void {
    const batch = this.#batch;
    if (batch.length === 0 && !last) return;
    this.#batch = [];
    this.#batches++;
    this.guarded(() => {
      const encoder = this.device.createCommandEncoder();
      if (batch.length) this.#encode(encoder, batch);
      last?.(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
    this.counters.submits++;
    this.pool.sweep();
  }

  #encode(encoder: GPUCommandEncoder, batch: readonly Dispatch[]): void {
    const places = placeParameters(batch.map(({ program }) => program.shader.words));
    const words = new Uint32Array(places.total / 4);
    batch.forEach((dispatch, i) => words.set(dispatch.words, places.at[i] / 4 + 1));
    if (!this.#parameters || this.#parameters.size < places.total) {
      this.#parameters?.destroy();
      this.#parameters = this.device.createBuffer({ size: Math.max(65_536, places.total), usage: UNIFORM | COPY_DST });
    }
    const parameters = this.#parameters;
    this.device.queue.writeBuffer(parameters, 0, words);
    const pass = encoder.beginComputePass();
    batch.forEach(({ program, buffers, x, y }, i) => {
      pass.setPipeline(this.pipelineOf(program));
      pass.setBindGroup(
        0,
        this.bind(
          program,
          parameters,
          places.at[i],
          buffers.map((buffer) => this.blockOf(buffer)),
        ),
      );
      pass.dispatchWorkgroups(x, y);
    });
    pass.end();
    this.counters.dispatches += batch.length;
  }

  /** Does what the device may refuse; that is known later, and thrown by whatever is called next. */
  guarded(f: () => void): void {
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    try {
      f();
    } finally {
      const errors = [this.device.popErrorScope(), this.device.popErrorScope()].map(async (pending) => {
        const error = await pending.catch(() => null);
        if (error) this.#fail(error.message);
      });
      const before = this.#checks;
      this.#checks = Promise.all([before, ...errors]).then(() => {});
    }
  }

  #fail(message: string): void {
    const op = /tessera:(\w+)/.exec(message)?.[1] ?? 'webgpu';
    this.#failure ??= new DeviceError(`[${op}] the device refused the call: ${message}`);
  }

  bind(program: Program, parameters: GPUBuffer, offset: number, blocks: readonly Block[]): GPUBindGroup {
    return this.device.createBindGroup({
      label: `tessera:${program.op}`,
      layout: this.#layoutOf(program).group,
      entries: [
        { binding: 0, resource: { buffer: parameters, offset, size: parameterBytes(program.shader) } },
        ...blocks.map(({ gpu }, i) => ({ binding: i + 1, resource: { buffer: gpu } })),
      ],
    });
  }

  pipelineOf(program: Program): GPUComputePipeline {
    return (program.pipeline ??= this.device.createComputePipeline(this.#describe(program)));
  }

  /** Makes the pipelines of programs ready, all at once. */
  async compile(programs: Iterable<Program>, onReady?: () => void): Promise<void> {
    this.check();
    const missing = [...new Set(programs)].filter(({ pipeline }) => !pipeline);
    await Promise.all(
      missing.map(async (program) => {
        const pipeline = await this.device.createComputePipelineAsync(this.#describe(program));
        program.pipeline ??= pipeline;
        onReady?.();
      }),
    );
  }

  #describe(program: Program): GPUComputePipelineDescriptor {
    const label = `tessera:${program.op}`;
    this.counters.pipelines++;
    const module = this.device.createShaderModule({ label, code: sourceOf(program.shader) });
    return { label, layout: this.#layoutOf(program).pipeline, compute: { module, entryPoint: 'main' } };
  }

  // The parameters' size is part of the layout, so that drivers check it once and not at every dispatch (and wgpu takes no stale one).
  #layoutOf({ layout: accesses, op, shader }: Program): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const bytes = parameterBytes(shader);
    const key = `${accesses}${bytes}`;
    let layout = this.#layouts.get(key);
    if (layout) return layout;
    const types: GPUBufferBindingType[] = ['uniform'];
    for (const letter of accesses) types.push(letter === 'w' ? 'storage' : 'read-only-storage');
    const group = this.device.createBindGroupLayout({
      label: `tessera:${op}`,
      entries: types.map((type, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: binding === 0 ? { type, minBindingSize: bytes } : { type },
      })),
    });
    layout = { group, pipeline: this.device.createPipelineLayout({ bindGroupLayouts: [group] }) };
    this.#layouts.set(key, layout);
    return layout;
  }

  /** Gives everything back, and the device too where it is the backend's own. */
  close(ownsDevice: boolean): void {
    this.#closed = true;
    this.#batch = [];
    this.#programs.clear();
    for (const staging of this.#staging) staging.destroy();
    this.#parameters?.destroy();
    this.pool.destroy();
    if (ownsDevice) this.device.destroy();
  }
}

/** What the parameters of a shader take: whole vectors. */
const parameterBytes = ({ words }: Shader): number => Math.ceil(words / 4) * 16;

/** Where the parameters of each dispatch begin in one buffer. */
export function placeParameters(words: readonly number[]): { at: number[]; total: number } {
  let total = 0;
  const at = words.map((count) => {
    const place = total;
    total += Math.ceil((count * 4) / ALIGNMENT) * ALIGNMENT;
    return place;
  });
  return { at, total };
}
