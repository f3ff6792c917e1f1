import { expect, test } from 'vitest';
import { merged } from './results.ts';
import type { Row } from './row.ts';

const row = (work: string, implementation: string, bestMs: number): Row => ({
  work,
  implementation,
  bestMs,
  medianMs: bestMs,
  threads: 1,
  build: 'simd',
  gflops: null,
  check: null,
});

test('what is measured again takes the place of all rows of its work', () => {
  const kept = [row('a', 'ours', 1), row('a', 'gone', 2), row('b', 'ours', 3)];
  const rows = merged(kept, [row('c', 'ours', 4), row('a', 'ours', 5)]);
  expect(rows.map(({ work, implementation, bestMs }) => [work, implementation, bestMs])).toEqual([
    ['a', 'ours', 5],
    ['b', 'ours', 3],
    ['c', 'ours', 4],
  ]);
});
