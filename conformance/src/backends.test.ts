import { cpu } from '@tessera/backend-cpu';
import { checkBackend } from '@tessera/testkit';
import { describe, it } from 'vitest';
import { everyMaker } from './every-backend.ts';

describe('backends keep their contract, and memory flat over 1,000 steps', () => {
  for (const [where, make] of Object.entries(everyMaker)) it(where, () => checkBackend(() => make(), { reference: cpu() }));
});
