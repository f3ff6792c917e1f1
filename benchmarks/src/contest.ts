/** One implementation, made ready: does the work once and gives a number that all must agree on. */
export interface Contestant {
  step(): Promise<number>;
}

/** Something to be done by several implementations. */
export interface Work {
  readonly name: string;
  readonly contestants: Readonly<Record<string, () => Promise<Contestant>>>;
  /** The round whose numbers are compared. */
  readonly checkedRound: number;
  /** How far the numbers may lie apart. */
  readonly tolerance: number;
  /** Floating-point operations of a step, where speed is told in them. */
  readonly flops?: number;
}

/** What was measured of one implementation. */
export interface Row {
  readonly work: string;
  readonly implementation: string;
  readonly bestMs: number;
  readonly medianMs: number;
  readonly check: number;
}

const WARM_UP = 2;

/** Lets all take a step in turn, so that what else the machine does falls on all alike. The first two steps warm up. */
export async function contest(work: Work, rounds: number): Promise<Row[]> {
  const ready: { implementation: string; contestant: Contestant; times: number[]; check: number }[] = [];
  for (const [implementation, make] of Object.entries(work.contestants)) {
    try {
      ready.push({ implementation, contestant: await make(), times: [], check: NaN });
    } catch (error) {
      console.log(`${implementation} could not be made ready: ${(error as Error).message}`);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const entry of ready) {
      const began = performance.now();
      const value = await entry.contestant.step();
      entry.times.push(performance.now() - began);
      if (round === work.checkedRound) entry.check = value;
    }
  }
  return ready.map(({ implementation, times, check }) => {
    const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
    return { work: work.name, implementation, bestMs: sorted[0]!, medianMs: sorted[sorted.length >> 1]!, check };
  });
}

/** Whether all gave the first one's number. Those that compute nothing give NaN and are not compared. */
export function agree({ tolerance }: Work, rows: readonly Row[]): boolean {
  return rows.every(({ check }) => Number.isNaN(check) || Math.abs(check - rows[0]!.check) <= tolerance);
}
