import { type KernelName, signatures } from '../generated/names.ts';
import type { KernelExports, Runtime, Split } from '../runtime.ts';
import { type Call, divide, type Work } from './job.ts';
import { JobWriter, symbolic } from './writer.ts';

/** The symbols of memory that programs use beside the tensors'; tensors' symbols follow. */
export const SCRATCH = 1;
export const CONSTANTS = 2;
export const FIRST_TENSOR = 3;

/** Calls of one kernel whose parameters grow by the same at each. */
interface Run {
  readonly kernel: KernelName;
  readonly first: readonly number[];
  last: readonly number[];
  steps: readonly number[] | undefined;
  count: number;
}

/** Writes down what kernels' functions call: a program that does the same again without them. */
export class Recorder implements Runtime {
  readonly kernels: KernelExports;
  readonly threads: number;
  readonly writer: JobWriter = new JobWriter();
  /** What {@link Runtime.words} was given, from the start of the memory of `CONSTANTS`. */
  readonly constants: number[] = [];
  /** The most that was asked for at once. */
  scratchBytes = 0;
  readonly #constantPlaces = new Map<string, number>();
  readonly #runtime: Runtime;
  #run: Run | undefined;

  /** Work is divided, and questions are answered, as the runtime does it that will run the program. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.threads = runtime.threads;
    const recorded = Object.keys(signatures).map((name) => [
      name,
      (...parameters: number[]) => this.#record(name as KernelName, parameters),
    ]);
    this.kernels = { ...runtime.kernels, ...(Object.fromEntries(recorded) as object) };
  }

  scratch(bytes: number): number {
    this.scratchBytes = Math.max(this.scratchBytes, bytes);
    return symbolic(SCRATCH);
  }

  words(values: readonly number[]): number {
    const key = values.join();
    let at = this.#constantPlaces.get(key);
    if (at === undefined) {
      this.#constantPlaces.set(key, (at = this.constants.length));
      for (const value of values) this.constants.push(value);
    }
    return symbolic(CONSTANTS) + at * 4;
  }

  call(kernel: KernelName, parameters: readonly number[], split: Split): void {
    this.share([{ kernel, parameters, ...split }], split);
  }

  worthSharing(nanoseconds: number): boolean {
    return this.#runtime.worthSharing(nanoseconds);
  }

  share(calls: readonly Call[], work: Work): void {
    this.flush();
    this.writer.write(divide(calls, work, this.worthSharing(work.nanoseconds) ? this.threads : 1));
  }

  /** Writes down what is done `times` times: as a loop, where the first two turns differ only by addresses. */
  repeat(times: number, turn: (t: number) => void): void {
    this.flush();
    const marks = [this.writer.mark()];
    for (let t = 0; t < times; t++) {
      turn(t);
      this.flush();
      marks.push(this.writer.mark());
      if (t === 1 && this.writer.loop(marks[0], marks[1], times)) return;
    }
  }

  /** Writes the calls that were still being gathered. */
  flush(): void {
    if (!this.#run) return;
    const { kernel, first, steps = [], count } = this.#run;
    const moves = steps.flatMap((step, place): [number, number][] => (step === 0 ? [] : [[place, step]]));
    this.writer.write({ calls: [{ kernel, parameters: first, moves }], units: count, chunk: count, tile: 1, chunkNanoseconds: 0 });
    this.#run = undefined;
  }

  #record(kernel: KernelName, parameters: readonly number[]): void {
    if (this.#run && this.#extends(this.#run, kernel, parameters)) return;
    this.flush();
    this.#run = { kernel, first: parameters, last: parameters, steps: undefined, count: 1 };
  }

  /** Adds a call to the run if its parameters are the next ones. */
  #extends(run: Run, kernel: KernelName, parameters: readonly number[]): boolean {
    if (run.kernel !== kernel) return false;
    const types = signatures[kernel];
    const steps = parameters.map((value, place) => value - run.last[place]);
    const { steps: before } = run;
    const fits = before
      ? steps.every((step, place) => step === before[place])
      : steps.every((step, place) => step === 0 || (types[place] === 'i' && Math.abs(step) < 2 ** 31));
    if (!fits) return false;
    run.last = parameters;
    run.steps = steps;
    run.count++;
    return true;
  }
}
