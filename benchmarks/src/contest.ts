import type { Row } from './row.ts';
import type { Traffic } from './webgpu/traffic.ts';

/** What a step tells of itself. */
export interface Outcome {
  readonly loss?: number;
  /** The time it took, where that was told by another clock than the one around the step: in another process. */
  readonly ms?: number;
  /** What it took in bytes, where memory or size is measured and not time. */
  readonly bytes?: number;
  /** The same as the library itself tells it. */
  readonly reportedBytes?: number;
  /** What it asked of a GPU. */
  readonly traffic?: Traffic;
}

/** One implementation, made ready. */
export interface Contestant {
  /** Default 1. */
  readonly threads?: number;
  /** The instructions that its kernels were compiled for (default plain SIMD). */
  readonly build?: string;
  /** What its figures rest on, where that is not the same as the others'. */
  readonly note?: string;
  /** Does the work once. */
  step(): Promise<Outcome | void>;
  /** Goes over what a step works on, before each step and not timed: others have driven it out of the caches since the last one. */
  warm?(): Promise<void>;
  /** A number on which all must agree, where the steps give no losses. */
  check?(): Promise<number>;
  dispose?(): void;
}

/** Who takes part: names, of which several may be one library's, and how each is made ready; nobody where it is not installed. */
export type Contestants = readonly (readonly [implementation: string, make: () => Promise<Contestant | undefined>])[];

/** Something to be done by several implementations. */
export interface Work {
  readonly name: string;
  /** The first is the one that the others are compared with. */
  readonly contestants: Contestants;
  /** How far the numbers that are checked may lie apart, as a part of the first. */
  readonly tolerance: number;
  /** How often the work is done in a step, so that a step takes some milliseconds (default 1); times are told for one. */
  readonly times?: number;
  /** Floating-point operations of the work, where speed is told in them. */
  readonly flops?: number;
  /** Bytes read and written by it, where speed is told in them. */
  readonly moved?: number;
  /** Images that it learns from. */
  readonly images?: number;
  /** The steps of each, where they are long and few and all of them count (default: as {@link contest} says). */
  readonly rounds?: number;
  /** What the machine does besides, while this is measured. */
  readonly beside?: () => { stop(): void };
}

const WARM_UP = 2;
const CHECKED_STEP = 4;
/** Short steps are repeated until each has taken so long: the more of them, the likelier is one that nothing disturbed. */
const ENOUGH_MS = 400;
const MOST_ROUNDS = 200;
/** Who has taken so long, and has done the step that is checked, sits out. */
const PATIENCE_MS = 3000;

interface Entry {
  readonly implementation: string;
  readonly contestant: Contestant;
  readonly times: number[];
  readonly outcomes: Outcome[];
}

/** What a contest tells while it goes on. */
export interface Told {
  /** Somebody cannot do the work, or cannot go on: the others do. By default it is written to the console. */
  readonly onFailure?: (implementation: string, reason: string) => void;
  /** Somebody is about to be made ready, or to take a step. */
  readonly onTurn?: (implementation: string) => void;
}

/**
 * Lets all take a step in turn, so that what else the machine does falls on all alike: at least `rounds` times, more often where steps
 * are short, less where they take seconds. The first two steps warm up.
 */
export async function contest(work: Work, rounds: number, { onFailure, onTurn }: Told = {}): Promise<Row[]> {
  const fails = onFailure ?? ((implementation, reason) => console.log(`${implementation} cannot do ${work.name}: ${reason}`));
  const entries = new Set<Entry>();
  const drop = (entry: Entry, error: unknown): void => {
    entries.delete(entry);
    entry.contestant.dispose?.();
    fails(entry.implementation, (error as Error).message);
  };
  const step = async (entry: Entry): Promise<void> => {
    onTurn?.(entry.implementation);
    await take(entry).catch((error) => drop(entry, error));
  };
  const beside = work.beside?.();
  try {
    for (const [implementation, make] of work.contestants) {
      onTurn?.(implementation);
      const contestant = await make().catch((error: Error) => fails(implementation, error.message));
      if (!contestant) continue;
      const entry: Entry = { implementation, contestant, times: [], outcomes: [] };
      entries.add(entry);
      await step(entry);
    }
    const goesOn = (entry: Entry): boolean => (work.rounds === undefined ? wants(entry, rounds) : entry.times.length < work.rounds);
    while ([...entries].some(goesOn)) for (const entry of entries) if (work.rounds !== undefined || !sitsOut(entry)) await step(entry);
    const rows: Row[] = [];
    for (const entry of entries) {
      await rowOf(work, entry).then(
        (row) => rows.push(row),
        (error) => drop(entry, error),
      );
    }
    return rows;
  } finally {
    beside?.stop();
    for (const { contestant } of entries) contestant.dispose?.();
  }
}

async function take({ contestant, times, outcomes }: Entry): Promise<void> {
  await contestant.warm?.();
  const began = performance.now();
  const outcome = (await contestant.step()) ?? {};
  times.push(outcome.ms ?? performance.now() - began);
  outcomes.push(outcome);
}

const spent = ({ times }: Entry): number => times.slice(WARM_UP).reduce((sum, ms) => sum + ms, 0);

function wants(entry: Entry, rounds: number): boolean {
  const { length } = entry.times;
  return !sitsOut(entry) && (length < rounds || (spent(entry) < ENOUGH_MS && length < MOST_ROUNDS));
}

function sitsOut(entry: Entry): boolean {
  const needed = entry.contestant.check ? WARM_UP + 1 : CHECKED_STEP + 1;
  return entry.times.length >= needed && spent(entry) > PATIENCE_MS;
}

async function rowOf(work: Work, { implementation, contestant, times, outcomes }: Entry): Promise<Row> {
  const { name, times: repeated = 1, flops, moved, images, rounds } = work;
  const { threads = 1, build = 'simd', note } = contestant;
  const check = (await contestant.check?.()) ?? outcomes[rounds === undefined ? CHECKED_STEP : 0]?.loss ?? null;
  const traffic = outcomes.at(-1)?.traffic;
  const about = {
    work: name,
    threads,
    build,
    implementation,
    check,
    ...(note === undefined ? {} : { note }),
    ...(traffic === undefined ? {} : { traffic }),
  };
  if (outcomes.some(({ bytes }) => bytes !== undefined)) {
    const [bytes, medianBytes] = bestAndMedian(outcomes.map((outcome) => outcome.bytes!));
    const reported = outcomes.map((outcome) => outcome.reportedBytes ?? 0);
    return { ...about, bestMs: null, medianMs: null, gflops: null, bytes, medianBytes, reportedBytes: Math.max(...reported) || null };
  }
  const counted = rounds === undefined ? times.slice(WARM_UP) : times;
  const [bestMs, medianMs] = bestAndMedian(counted.map((ms) => ms / repeated));
  return {
    ...about,
    bestMs,
    medianMs,
    gflops: flops === undefined ? null : flops / bestMs / 1e6,
    ...(moved === undefined ? {} : { gigabytesPerSecond: moved / bestMs / 1e6 }),
    ...(images === undefined ? {} : { imagesPerSecond: images / (bestMs / 1000) }),
  };
}

function bestAndMedian(values: readonly number[]): [best: number, median: number] {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[0]!, sorted[sorted.length >> 1]!];
}

/** Whether all gave the first one's number. Those that compute nothing are not compared. */
export function agree({ tolerance }: Work, rows: readonly Row[]): boolean {
  const expected = rows[0]?.check;
  return rows.every(({ check }) => check === null || (expected != null && Math.abs(check - expected) <= tolerance * Math.abs(expected)));
}
