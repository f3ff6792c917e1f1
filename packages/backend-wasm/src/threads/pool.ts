import { DeviceLostError } from '@tessera/core';
import { startThread, type Thread } from './thread.ts';

/** The functions of the kernels' module that run programs: `assembly/program.ts`, and those beside it of which it consists. */
export interface Control {
  controlBytes(threads: number): number;
  alone(control: number, workers: number): number;
  begin(control: number, program: number, bytes: number, stride: number): void;
  advance(control: number, workers: number, mayWait: number): number;
  abandon(control: number, mayWait: number): number;
  serve(control: number, thread: number): void;
  fail(control: number): void;
  stop(control: number): void;
}

/** What `advance` answers beside 0, the end. */
const WAITING = 1;
const LOST = 2;
/** How long a worker may take for what it has claimed. */
const PATIENCE_MS = 30_000;

/** Runs programs with workers that share the kernels' memory, if any: the caller takes part in every job. */
export class Pool {
  readonly #kernels: Control;
  readonly #control: number;
  readonly #workers: readonly Thread[];
  readonly #patience: number;
  /** Whether this thread may wait for a word: a page's own must not. */
  readonly #mayWait: number = typeof document === 'undefined' ? 1 : 0;
  #dead: DeviceLostError | undefined;

  private constructor(kernels: Control, control: number, workers: readonly Thread[], patience: number) {
    this.#kernels = kernels;
    this.#control = control;
    this.#workers = workers;
    this.#patience = patience;
  }

  /** Starts workers on a module and its shared memory, in which `control` is a place for what threads agree by. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    kernels: Control,
    control: number,
    threads: number,
    patience: number = PATIENCE_MS,
  ): Promise<Pool> {
    const workers = await Promise.all(
      Array.from({ length: threads - 1 }, (_, i) => startThread({ module, memory, control, thread: i + 1 })),
    );
    return new Pool(kernels, control, workers, patience);
  }

  /** @throws DeviceLostError where a worker failed: what a step had begun to write is then half written. */
  check(): void {
    if (this.#dead) throw this.#dead;
  }

  /** Runs the jobs from `program` on. @throws DeviceLostError where a worker failed; the pool cannot be used any more. */
  run(program: number, bytes: number, scratchStride: number): void {
    this.check();
    const [kernels, control, workers, mayWait] = [this.#kernels, this.#control, this.#workers.length, this.#mayWait];
    kernels.begin(control, program, bytes, scratchStride);
    try {
      this.#finish(() => kernels.advance(control, workers, mayWait));
    } catch (error) {
      // What others have claimed is awaited, for it uses the job.
      if (!this.#dead && workers > 0) this.#finish(() => kernels.abandon(control, mayWait));
      throw error;
    }
  }

  /** Whether the next job is better done without the workers, as the last ones went. */
  alone(): boolean {
    return this.#kernels.alone(this.#control, this.#workers.length) !== 0;
  }

  stop(): void {
    if (this.#workers.length === 0) return;
    this.#kernels.stop(this.#control);
    for (const worker of this.#workers) worker.stop();
  }

  #finish(advance: () => number): void {
    let deadline = 0;
    for (let state = advance(); state !== 0; state = advance()) {
      if (state === LOST) this.#fail('failed in a kernel');
      deadline ||= performance.now() + this.#patience;
      if (state === WAITING && performance.now() > deadline) this.#fail('did not answer any more');
    }
  }

  #fail(how: string): never {
    this.#dead = new DeviceLostError(
      `[wasm] a worker thread ${how}. Make a new backend with await wasm(); with { threads: 1 } it has none.`,
    );
    this.stop();
    throw this.#dead;
  }
}
