/** One implementation, made ready. */
export interface Contestant {
  /** Default 1. */
  readonly threads?: number;
  /** The instructions that its kernels were compiled for (default plain SIMD). */
  readonly build?: string;
  /** Does the work once; of a training step the loss. */
  step(): Promise<number | void>;
  /** A number on which all must agree, where the steps give no losses. */
  check?(): Promise<number>;
}

/** Something to be done by several implementations. */
export interface Work {
  readonly name: string;
  readonly contestants: Readonly<Record<string, () => Promise<Contestant>>>;
  /** How far the numbers that are checked may lie apart, as a part of the first. */
  readonly tolerance: number;
  /** How often the work is done in a step, so that a step takes some milliseconds (default 1); times are told for one. */
  readonly times?: number;
  /** Floating-point operations of the work, where speed is told in them. */
  readonly flops?: number;
}

/** What was measured of one implementation. */
export interface Row {
  readonly work: string;
  readonly threads: number;
  /** The instructions that the kernels were compiled for. */
  readonly build: string;
  readonly implementation: string;
  readonly bestMs: number;
  readonly medianMs: number;
  /** Billions of floating-point operations in a second, of the best time. */
  readonly gflops?: number;
  /** The mean of |y|, or the loss of the fifth step; `null` for those that compute nothing. */
  readonly check: number | null;
}

const WARM_UP = 2;
const CHECKED_STEP = 4;

interface Entry {
  readonly implementation: string;
  readonly contestant: Contestant;
  readonly times: number[];
  readonly losses: (number | void)[];
}

/** Lets all take a step in turn, so that what else the machine does falls on all alike. The first two steps warm up. */
export async function contest(work: Work, rounds: number): Promise<Row[]> {
  const entries: Entry[] = [];
  for (const [implementation, make] of Object.entries(work.contestants)) {
    try {
      const entry: Entry = { implementation, contestant: await make(), times: [], losses: [] };
      await take(entry);
      entries.push(entry);
    } catch (error) {
      console.log(`${implementation} cannot do ${work.name}: ${(error as Error).message}`);
    }
  }
  for (let round = 1; round < rounds; round++) for (const entry of entries) await take(entry);
  return Promise.all(entries.map((entry) => rowOf(work, entry)));
}

async function take({ contestant, times, losses }: Entry): Promise<void> {
  const began = performance.now();
  losses.push(await contestant.step());
  times.push(performance.now() - began);
}

async function rowOf({ name, times: repeated = 1, flops }: Work, { implementation, contestant, times, losses }: Entry): Promise<Row> {
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  const [bestMs, medianMs] = [sorted[0]! / repeated, sorted[sorted.length >> 1]! / repeated];
  const gflops = flops === undefined ? {} : { gflops: flops / bestMs / 1e6 };
  const check = (await contestant.check?.()) ?? losses[CHECKED_STEP] ?? null;
  const { threads = 1, build = 'simd' } = contestant;
  return { work: name, threads, build, implementation, bestMs, medianMs, ...gflops, check };
}

/** Whether all gave the first one's number. Those that compute nothing are not compared. */
export function agree({ tolerance }: Work, rows: readonly Row[]): boolean {
  const expected = rows[0]?.check;
  return rows.every(({ check }) => check === null || (expected != null && Math.abs(check - expected) <= tolerance * Math.abs(expected)));
}
