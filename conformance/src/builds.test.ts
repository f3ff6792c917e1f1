import { setFlagsFromString } from 'node:v8';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { checkOp, opDescriptions } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';

// Before version 22 Node has relaxed SIMD, but behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');
const reference = cpu();
const relaxed = await wasm();

it('relaxed SIMD is taken where the engine has it, unless results must be the same everywhere', async () => {
  expect(relaxed.build).toBe('relaxed-simd');
  expect((await wasm({ deterministic: true })).build).toBe('simd');
});

describe('ops on wasm with relaxed SIMD', () => {
  for (const op of opDescriptions) it(op.name, () => checkOp(op, relaxed, reference));
});
