/** A kernel call that is done for a range of a job's units. */
export interface Call {
  /** The kernel's place in the list of all. */
  readonly kernel: number;
  /** What it takes at the first unit. */
  readonly parameters: readonly number[];
  /** Parameters that grow with the first unit of the range: their places, and by how much for each unit. */
  readonly moves: readonly (readonly [place: number, step: number])[];
  /** The parameter that says how much is to be done, and how much of it a unit is. */
  readonly count: readonly [place: number, perUnit: number];
  /** Parameters that are addresses in scratch memory, of which each thread has its own. */
  readonly scratch: readonly number[];
}

/** Work that may be done in parts, in any order, by several threads. */
export interface Job {
  readonly calls: readonly Call[];
  readonly units: number;
  /** The units that one thread claims at a time. */
  readonly chunk: number;
  /** The units that go through all calls before the next ones do; a chunk by default. */
  readonly tile?: number;
  /** How far the threads' scratch memories lie apart. */
  readonly scratchStride: number;
}

type Kernels = readonly ((...parameters: number[]) => number)[];

/** Writes a job down as numbers, which workers share. */
export function writeJob({ calls, units, chunk, tile = chunk, scratchStride }: Job, numbers: Float64Array): void {
  let at = 0;
  const put = (...values: readonly number[]): void => {
    for (const value of values) numbers[at++] = value;
  };
  put(units, chunk, tile, scratchStride, calls.length);
  for (const { kernel, parameters, moves, count, scratch } of calls) {
    put(kernel, parameters.length, moves.length, scratch.length, ...count, ...parameters);
    for (const move of moves) put(...move);
    put(...scratch);
  }
}

/**
 * Does one chunk of the job that the numbers describe. Workers get this function as text: it must stand by itself.
 */
export function runChunk(kernels: Kernels, numbers: Float64Array, which: number, thread: number): void {
  const [units, chunk, tile, stride, calls] = numbers as unknown as [number, number, number, number, number];
  const end = Math.min(units, (which + 1) * chunk);
  for (let first = which * chunk; first < end; first += tile) {
    const count = Math.min(tile, end - first);
    let at = 5;
    for (let call = 0; call < calls; call++) {
      const kernel = kernels[numbers[at]]!;
      const [length, moves, scratch] = [numbers[at + 1], numbers[at + 2], numbers[at + 3]];
      const [place, perUnit] = [numbers[at + 4], numbers[at + 5]];
      at += 6;
      const parameters: number[] = [];
      for (const stop = at + length; at < stop; at++) parameters.push(numbers[at]);
      parameters[place] = count * perUnit;
      for (const stop = at + 2 * moves; at < stop; at += 2) parameters[numbers[at]] += first * numbers[at + 1];
      for (const stop = at + scratch; at < stop; at++) parameters[numbers[at]] += thread * stride;
      kernel(...parameters);
    }
  }
}
