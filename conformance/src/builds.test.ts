import { setFlagsFromString } from 'node:v8';
import { cpu } from '@tessera/backend-cpu';
import { type WasmOptions, wasm } from '@tessera/backend-wasm';
import { checkOp, opDescriptions } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';
import { program } from './browser/program.ts';

// Before version 22 Node has relaxed SIMD, but behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');
const reference = cpu();
const relaxed = await wasm();
// Everything that can be is shared, however small.
const threads: WasmOptions = { threads: 2, sharesFrom: 0 };
const shared = await wasm({ ...threads, deterministic: true });

it('relaxed SIMD is taken where the engine has it, unless results must be the same everywhere', async () => {
  expect(relaxed.build).toBe('relaxed-simd');
  expect((await wasm({ deterministic: true })).build).toBe('simd');
});

const builds = { 'relaxed SIMD': relaxed, 'two threads': shared, 'relaxed SIMD and two threads': await wasm(threads) };
for (const [name, backend] of Object.entries(builds)) {
  describe(`ops on wasm with ${name}`, () => {
    for (const op of opDescriptions) it(op.name, () => checkOp(op, backend, reference));
  });
}

describe('threads', () => {
  it('are as many as asked for, and at least one', async () => {
    expect([relaxed.threads, shared.threads]).toEqual([1, 2]);
    await expect(wasm({ threads: 0 })).rejects.toThrow(/threads must be a whole number ≥ 1: got 0/);
  });

  it('compute to the same bits, however many there are', async () => {
    const outcomes = [await program({ deterministic: true })];
    for (const count of [2, 3]) outcomes.push(await program({ deterministic: true, threads: count, sharesFrom: 0 }));
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });
});
