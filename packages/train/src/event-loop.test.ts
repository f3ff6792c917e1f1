import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EventLoop } from './event-loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How many steps are enqueued between turns, where enqueueing and doing a step take so many milliseconds. */
async function paces(enqueueing: number, doing: number, turns = 12): Promise<number[]> {
  const loop = new EventLoop();
  const counts: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    let steps = 0;
    do {
      vi.advanceTimersByTime(enqueueing);
      steps++;
    } while (!loop.due());
    vi.advanceTimersByTime(Math.max(0, steps * (doing - enqueueing)));
    await loop.wait(Promise.resolve());
    const turned = loop.turn();
    vi.advanceTimersByTime(0);
    await turned;
    counts.push(steps);
  }
  return counts;
}

it('lets a fast device go on for as long as the event loop may wait', async () => {
  expect((await paces(1, 1)).slice(-3)).toEqual([40, 40, 40]);
  expect((await paces(0.5, 2)).slice(-3)).toEqual([80, 80, 80]);
});

it('waits for a slow device before much is enqueued', async () => {
  const counts = await paces(1, 50);
  expect(counts[0]).toBe(1);
  for (const steps of counts.slice(3)) expect(steps).toBe(4);
  expect(await paces(1, 500)).toEqual(Array(12).fill(1));
});

it('begins with little, and doubles it', async () => {
  expect((await paces(0.1, 0.2)).slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
});
