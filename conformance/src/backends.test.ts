import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { checkBackend } from '@tessera/testkit';
import { describe, it } from 'vitest';

describe('backends keep their contract, and memory flat over 1,000 steps', () => {
  for (const make of [cpu, wasm]) it(make.name, () => checkBackend(() => make(), { reference: cpu() }));
});
