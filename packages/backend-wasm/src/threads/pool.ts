import { DeviceError } from '@tessera/core';
import { type Job, runChunk, writeJob } from './job.ts';
import { type Serve, serve } from './serve.ts';

/** Chunks are claimed by counting up in one word, beside the generation of the job and how many chunks it has. */
const MOST_CHUNKS = 1023;
const STATE = 0;
const DONE = 1;
const FAILED = 2;
const STOP = 3;
const WORDS = 16;
const NUMBERS = 4096;
/** How often a word is looked at before it is waited for. */
const SPINS = 2000;
const PATIENCE_MS = 30_000;

type KernelList = readonly ((...parameters: number[]) => number)[];

/** Something that runs a program beside this one. */
interface Thread {
  /** Resolves once the program waits for jobs; rejects where it could not be started. */
  readonly ready: Promise<void>;
  stop(): void;
}

/**
 * Workers that share the kernels' memory. The caller takes part in every job: it claims chunks like the others, so a worker that is
 * late costs nothing, and waits only for chunks that others have claimed.
 */
export class Pool {
  /** The caller's among them. */
  readonly threads: number;
  readonly #kernels: KernelList;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #workers: readonly Thread[];
  /** Whether this thread may wait for a word: a page's own must not. */
  readonly #mayWait: boolean = typeof document === 'undefined';
  #generation = 0;
  #dead: DeviceError | undefined;

  private constructor(kernels: KernelList, shared: Parameters<Serve>[0], workers: readonly Thread[]) {
    this.#kernels = kernels;
    this.#words = new Int32Array(shared.control, 0, WORDS);
    this.#numbers = new Float64Array(shared.control, WORDS * 4);
    this.#workers = workers;
    this.threads = workers.length + 1;
  }

  /** Starts workers on a module and its shared memory. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    names: readonly string[],
    kernels: KernelList,
    threads: number,
  ): Promise<Pool> {
    const control = new SharedArrayBuffer(WORDS * 4 + NUMBERS * 8);
    const shared = { module, memory, names, control, words: WORDS };
    const workers = await Promise.all(Array.from({ length: threads - 1 }, (_, i) => startThread({ ...shared, thread: i + 1 })));
    await Promise.all(workers.map(({ ready }) => ready));
    return new Pool(kernels, { ...shared, thread: 0 }, workers);
  }

  /** Does all chunks of a job. @throws DeviceError where a worker failed; the pool cannot be used any more. */
  run(job: Job): void {
    if (this.#dead) throw this.#dead;
    const chunks = Math.ceil(job.units / job.chunk);
    const words = this.#words;
    writeJob(job, this.#numbers);
    Atomics.store(words, DONE, 0);
    this.#generation = (this.#generation + 1) & 0x7ff;
    const start = (this.#generation << 20) | (chunks << 10);
    Atomics.store(words, STATE, start);
    Atomics.notify(words, STATE);
    let own = 0;
    for (;;) {
      const word = Atomics.load(words, STATE);
      const next = word & 0x3ff;
      if (next >= chunks) break;
      if (Atomics.compareExchange(words, STATE, word, word + 1) !== word) continue;
      own++;
      try {
        runChunk(this.#kernels, this.#numbers, next, 0);
      } catch (error) {
        // Nobody claims any more; what others have claimed is awaited, for it uses the job's numbers.
        const taken = Atomics.exchange(words, STATE, start | chunks) & 0x3ff;
        this.#await(taken - own);
        throw error;
      }
    }
    this.#await(chunks - own);
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    Atomics.add(this.#words, STATE, 1 << 20);
    Atomics.notify(this.#words, STATE);
    for (const worker of this.#workers) worker.stop();
  }

  /** Waits until the others have done so many chunks. */
  #await(others: number): void {
    const words = this.#words;
    let done = Atomics.load(words, DONE);
    let deadline = 0;
    for (let spins = 0; done < others; done = Atomics.load(words, DONE)) {
      if (++spins % SPINS !== 0) continue;
      deadline ||= performance.now() + PATIENCE_MS;
      if (performance.now() > deadline) this.#fail('did not answer any more');
      if (this.#mayWait) Atomics.wait(words, DONE, done, 1);
    }
    if (Atomics.load(words, FAILED)) this.#fail('failed in a kernel');
  }

  #fail(how: string): never {
    this.#dead = new DeviceError(`[wasm] a worker thread ${how}. Make a new backend with await wasm(); with { threads: 1 } it has none.`);
    this.stop();
    throw this.#dead;
  }
}

/** How many chunks a job may have. */
export const mostChunks: number = MOST_CHUNKS;

/** The program as text: bundlers and loaders may have put calls of a helper into it that names functions. */
const program = `const __name = (f) => f; const runChunk = ${runChunk}; const serve = ${serve};`;

async function startThread(shared: Parameters<Serve>[0]): Promise<Thread> {
  const node = typeof process === 'object' && process.versions?.node !== undefined && typeof document === 'undefined';
  if (node) {
    // Not as a literal: bundlers for browsers would look for the module.
    const specifier = 'node:worker_threads';
    const { Worker: NodeWorker } = (await import(
      /* webpackIgnore: true */ /* @vite-ignore */ specifier
    )) as typeof import('node:worker_threads');
    const source = `${program} const { parentPort, workerData } = require('node:worker_threads'); serve(workerData, runChunk, () => parentPort.postMessage(0));`;
    const worker = new NodeWorker(source, { eval: true, workerData: shared });
    const ready = new Promise<void>((resolve, reject) => worker.once('message', () => resolve()).once('error', reject));
    // A program may end although its workers wait.
    return { ready: ready.then(() => worker.unref()), stop: () => void worker.terminate() };
  }
  const source = `${program} onmessage = ({ data }) => serve(data, runChunk, () => postMessage(0));`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new DeviceError(`[wasm] a worker thread could not start: ${message}`));
  });
  worker.postMessage(shared);
  return { ready: ready.finally(() => URL.revokeObjectURL(url)), stop: () => worker.terminate() };
}
