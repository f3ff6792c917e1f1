import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EventLoop } from './event-loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Run {
  /** Steps enqueued between turns. */
  readonly counts: number[];
  /** Milliseconds for which the device had nothing to do, and the most that was left for it to do, from the sixth turn on. */
  idle: number;
  most: number;
  /** Of which turn answers came, for each turn. */
  readonly answers: (readonly number[])[];
}

/** Steps on a device, where enqueueing and doing one take so many milliseconds; it is asked `every` so many how far it is. */
async function paces(enqueueing: number, doing: number, every = 0, turns = 16): Promise<Run> {
  const loop = new EventLoop<number>();
  const run: Run = { counts: [], idle: 0, most: 0, answers: [] };
  let busyUntil = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    let steps = 0;
    do {
      vi.advanceTimersByTime(enqueueing);
      const now = performance.now();
      if (turn > 5) run.idle += Math.max(0, now - enqueueing - busyUntil);
      busyUntil = Math.max(busyUntil, now) + doing;
      steps++;
    } while (!loop.due());
    const left = busyUntil - performance.now();
    if (turn > 5) run.most = Math.max(run.most, left);
    const told = every ? Math.ceil(busyUntil / every) * every - performance.now() : left;
    const answer = left > 0 ? new Promise<number>((done) => setTimeout(() => done(turn), told)) : Promise.resolve(turn);
    let answers: readonly number[] | undefined;
    void loop.turn(answer).then((got) => (answers = got));
    while (!answers) await vi.advanceTimersToNextTimerAsync();
    run.counts.push(steps);
    run.answers.push(answers);
  }
  return run;
}

it('lets a host go on for as long as the event loop may wait, and has its answer at once', async () => {
  const { counts, answers } = await paces(1, 0);
  expect(counts.slice(-3)).toEqual([40, 40, 40]);
  expect(answers).toEqual(counts.map((_, turn) => [turn]));
});

it('begins with little, and doubles it', async () => {
  expect((await paces(0.1, 0)).counts.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
});

it('keeps a slow device busy, with little before it', async () => {
  for (const doing of [2, 10, 50]) {
    const { idle, most, answers } = await paces(1, doing);
    expect(idle, `${doing} ms a step`).toBe(0);
    expect(most).toBeLessThanOrEqual(2 * 150 + 2 * doing);
    // Each answer comes with the turn after it.
    expect(answers.slice(6)).toEqual(answers.slice(6).map((_, i) => [i + 5]));
  }
  expect((await paces(1, 500)).most).toBeLessThanOrEqual(2000);
});

it('is not held up by a device that tells only every 100 ms how far it is', async () => {
  const { counts } = await paces(0.5, 1, 100, 40);
  expect(counts.at(-1)).toBeGreaterThan(60);
});
