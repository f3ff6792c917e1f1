import type { KernelName } from '../generated/names.ts';

/** A kernel call that is done for a range of a job's units. */
export interface Call {
  readonly kernel: KernelName;
  /** What it takes for all units. */
  readonly parameters: readonly number[];
  /** Parameters that grow with the first unit of the range: their places, and by how much for each unit. */
  readonly moves: readonly (readonly [place: number, step: number])[];
  /** The parameter that says how much is to be done, and how much of it a unit is. */
  readonly count?: readonly [place: number, perUnit: number] | undefined;
  /** Parameters that are addresses in scratch memory, of which each thread has its own. */
  readonly scratch?: readonly number[] | undefined;
}

/** What calls go over. */
export interface Work {
  readonly units: number;
  /** Parts are made of multiples of it (default 1). */
  readonly grain?: number;
  /** The units that go through all calls before the next ones do; a whole part by default. */
  readonly tile?: number;
  /** What it takes one thread, roughly. */
  readonly nanoseconds: number;
}

/** Calls that may be done in chunks, in any order, by several threads. */
export interface Job {
  readonly calls: readonly Call[];
  readonly units: number;
  /** The units that one thread claims at a time. */
  readonly chunk: number;
  readonly tile: number;
  /** What a chunk takes, roughly. */
  readonly chunkNanoseconds: number;
}

/** How many chunks a job may have: they are counted in ten bits. */
const MOST_CHUNKS = 1023;
/** The chunks that each thread would do if all were as fast: some, so that none waits long for another. */
const PARTS = 4;

/** Work as a job: in one chunk, or in some for each thread. */
export function divide(calls: readonly Call[], { units, grain = 1, tile, nanoseconds }: Work, threads: number): Job {
  const least = threads === 1 ? units : Math.max(Math.ceil(units / (threads * PARTS)), Math.ceil(units / MOST_CHUNKS));
  const chunk = Math.ceil(least / grain) * grain;
  return { calls, units, chunk, tile: tile ?? chunk, chunkNanoseconds: (nanoseconds * chunk) / units };
}
