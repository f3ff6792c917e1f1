import { expect, test } from 'vitest';
import { agree, contest, type Contestant, type Work } from './contest.ts';

/** A contestant that says how long its steps took. */
function contestant(ms: number, loss: number): Contestant & { steps: number } {
  const self = {
    steps: 0,
    async step() {
      self.steps++;
      return { ms: self.steps <= 2 ? ms * 100 : ms, loss };
    },
  };
  return self;
}

test('warming up does not count, all take a step in turn, and whoever takes seconds sits out once checked', async () => {
  const [quick, slow] = [contestant(50, 1), contestant(1100, 1.0001)];
  const work: Work = {
    name: 'work',
    contestants: [
      ['quick', async () => quick],
      ['slow', async () => slow],
    ],
    tolerance: 1e-3,
    flops: 5e9,
  };
  const rows = await contest(work, 10);
  expect(rows[0]).toMatchObject({ work: 'work', implementation: 'quick', threads: 1, bestMs: 50, medianMs: 50, gflops: 100, check: 1 });
  expect([quick.steps, slow.steps]).toEqual([10, 5]);
  expect(agree(work, rows)).toBe(true);
  expect(agree({ ...work, tolerance: 1e-5 }, rows)).toBe(false);
});

test('who cannot do the work has no row', async () => {
  const cannot = async (): Promise<Contestant> => {
    throw new Error('no gradient');
  };
  const rows = await contest(
    {
      name: 'work',
      contestants: [
        ['cannot', cannot],
        ['can', async () => contestant(1, 1)],
      ],
      tolerance: 0,
    },
    3,
  );
  expect(rows.map(({ implementation }) => implementation)).toEqual(['can']);
});
