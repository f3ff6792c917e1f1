import { expect, it } from 'vitest';
import { RandomKey } from './random-key.ts';

it('a key gives the same numbers each time, and its parts others', () => {
  const first = (key: RandomKey): number => key.generator().uint32();
  const key = RandomKey.fromSeed(5);
  expect(first(key)).toBe(first(RandomKey.fromSeed(5)));
  expect(first(key.split('flip').split(3))).toBe(first(key.split('flip').split(3)));
  expect(new Set([key, key.split(0), key.split(1), key.split('0'), key.split('1'), RandomKey.fromSeed(6)].map(first)).size).toBe(6);
});
