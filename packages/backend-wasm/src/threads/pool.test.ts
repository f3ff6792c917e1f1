import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job } from './job.ts';
import { Pool } from './pool.ts';

const bytes = readFileSync(join(import.meta.dirname, '..', '..', 'build', 'simd.wasm'));
// The flags of the imported memory: shared, with a maximum.
bytes[bytes.indexOf(Buffer.from('\x03env\x06memory\x02', 'latin1')) + 12] = 3;
const module = new WebAssembly.Module(bytes);
const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function');
const kernels = names.map((name) => exports[name] as (...parameters: number[]) => number);
const start = (threads: number): Promise<Pool> => Pool.start(module, memory, names, kernels, threads);
const pools = await Promise.all([2, 3].map(start));
afterAll(() => pools.forEach((pool) => pool.stop()));

const AT = 70_000;
/** Adds one to `units` numbers, which lie from `address` on. */
const increment = (units: number, chunk: number, address = AT): Job => ({
  units,
  chunk,
  scratchStride: 0,
  calls: [
    {
      kernel: names.indexOf('add_f32'),
      parameters: [1, 0, address, 0, 1, AT - 4, 0, 0, address],
      moves: [
        [2, 4],
        [8, 4],
      ],
      count: [1, 1],
      scratch: [],
    },
  ],
});
const numbers = (count: number): Float32Array => new Float32Array(memory.buffer, AT, count);
new Float32Array(memory.buffer, AT - 4, 1)[0] = 1;

describe('a pool', () => {
  test.prop([fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 })])(
    'does each part of a job once, however often',
    (units, parts, times) => {
      for (const pool of pools) {
        numbers(units).fill(0);
        for (let i = 0; i < times; i++) pool.run(increment(units, Math.ceil(units / parts)));
        expect(numbers(units).every((value) => value === times)).toBe(true);
      }
    },
  );

  it('goes on where a kernel fails in the caller, and says so where one fails in a worker', async () => {
    const pool = await start(2);
    // Beyond the end of memory: whoever claims the part fails.
    const job = increment(64, 16, memory.buffer.byteLength - 4);
    for (let i = 0; i < 20; i++) expect(() => pool.run(job)).toThrow(/out of bounds|a worker thread failed/);
    pool.stop();
  });

  it('does everything by itself where its workers are gone', async () => {
    const pool = await start(2);
    pool.stop();
    numbers(1000).fill(0);
    pool.run(increment(1000, 10));
    expect(numbers(1000).every((value) => value === 1)).toBe(true);
  });
});
