import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DeviceLostError } from '@tessera/core';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job } from '../program/job.ts';
import { JobWriter } from '../program/writer.ts';
import { type Control, Pool } from './pool.ts';

const bytes = readFileSync(join(import.meta.dirname, '..', '..', 'build', 'simd.wasm'));
// The flags of the imported memory: shared, with a maximum.
bytes[bytes.indexOf(Buffer.from('\x03env\x06memory\x02', 'latin1')) + 12] = 3;
const module = new WebAssembly.Module(bytes);

const [CONTROL, PROGRAM, AT] = [66_000, 80_000, 100_000];

/** A pool with memory of its own, in which `numbers` are at AT. */
async function start(threads: number, patience?: number) {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Control;
  const pool = await Pool.start(module, memory, kernels, CONTROL, threads, patience);
  new Float32Array(memory.buffer, AT - 4, 1)[0] = 1;
  const run = (...jobs: Job[]): void => {
    const writer = new JobWriter();
    for (const job of jobs) writer.write(job);
    new Int32Array(memory.buffer).set(writer.words, PROGRAM >> 2);
    pool.run(PROGRAM, writer.words.byteLength, 0);
  };
  const numbers = (count: number): Float32Array => new Float32Array(memory.buffer, AT, count);
  return { pool, run, numbers, memory, end: memory.buffer.byteLength };
}
const pools = await Promise.all([1, 2, 3].map((threads) => start(threads)));
afterAll(() => pools.forEach(({ pool }) => pool.stop()));

/** Adds one to `units` numbers, which lie from `address` on. */
const increment = (units: number, chunk: number, address = AT, tile = chunk): Job => ({
  units,
  chunk,
  tile,
  chunkNanoseconds: 0,
  calls: [
    {
      kernel: 'add_f32',
      parameters: [1, units, address, 0, 1, AT - 4, 0, 0, address],
      moves: [
        [2, 4],
        [8, 4],
      ],
      count: [1, 1],
    },
  ],
});

describe('a pool', () => {
  test.prop([
    fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 })), {
      minLength: 1,
      maxLength: 30,
    }),
  ])('does each part of each job of a program once, for any number of threads', (jobs) => {
    const expected = new Float32Array(3000);
    for (const [units] of jobs) for (let i = 0; i < units; i++) expected[i]++;
    for (const { run, numbers } of pools) {
      numbers(3000).fill(0);
      run(...jobs.map(([units, parts, tile]) => increment(units, Math.ceil(units / parts), AT, tile)));
      expect(numbers(3000)).toEqual(expected);
    }
  });

  it('goes on where a kernel fails in the caller, and says so where one fails in a worker', async () => {
    const { pool, run, end } = await start(2);
    // Beyond the end of memory: whoever claims the part fails.
    for (let i = 0; i < 20; i++) expect(() => run(increment(64, 16, end - 4))).toThrow(/out of bounds|a worker thread failed/);
    pool.stop();
  });

  it('does everything by itself where its workers are gone', async () => {
    const { pool, run, numbers } = await start(2);
    pool.stop();
    run(increment(1000, 10));
    expect(numbers(1000).every((value) => value === 1)).toBe(true);
  });

  it('says so where a part was claimed by a thread that died', async () => {
    const { pool, run, memory } = await start(2, 100);
    const thief = new Worker(
      `const { workerData: { memory, at }, parentPort } = require('node:worker_threads');
       const words = new Int32Array(memory.buffer);
       parentPort.postMessage(0);
       for (;;) {
         const word = Atomics.load(words, at);
         if ((word & 0x3ff) < ((word >> 10) & 0x3ff) && Atomics.compareExchange(words, at, word, word + 1) === word) break;
       }`,
      { eval: true, workerData: { memory, at: CONTROL >> 2 } },
    );
    await new Promise((resolve) => thief.once('message', resolve));
    expect(() => {
      for (;;) run(increment(3000, 3));
    }).toThrow(/a worker thread did not answer any more.*threads: 1/);
    expect(() => run(increment(8, 1))).toThrow(DeviceLostError);
    pool.stop();
    await thief.terminate();
  });
});
