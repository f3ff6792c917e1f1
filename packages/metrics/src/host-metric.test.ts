import { expect, it } from 'vitest';
import { type HostArray, hostMetric } from './host-metric.ts';

const array = (...data: number[]): HostArray => ({ data: Float32Array.from(data), shape: [data.length] });
const scores = hostMetric(
  'count',
  ({ data }) => Array.from(data, Number),
  (parts) => Number(parts.flat().join('')),
);

it('a host metric gets what it kept of every batch, in order, and changes no state', () => {
  const { init, update, compute, merge } = scores;
  const [a, b] = [update(init(), array(1), array(0)), update(update(init(), array(2), array(0)), array(3), array(0))];
  expect(compute(merge(a, b))).toBe(123);
  expect(compute(update(merge(b, a), array(4), array(0)))).toBe(2314);
  expect(compute(merge(init(), a))).toBe(1);
  expect(compute(b)).toBe(23);
  expect(scores.host).toBe(true);
});

it('however many batches there are', () => {
  const last = hostMetric(
    'parts',
    () => 1,
    (parts) => parts.length,
  );
  let state = last.init();
  for (let i = 0; i < 100_000; i++) state = last.update(state, array(), array());
  expect(last.compute(state)).toBe(100_000);
});
