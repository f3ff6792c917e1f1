import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import { checkBackend, checkOp, opDescriptions } from '@tessera/testkit';
import { describe, it } from 'vitest';

const reference = cpu();
const backend = await webgpu();

describe(`ops on webgpu, ${backend.adapter.vendor} ${backend.adapter.architecture}`, () => {
  for (const op of opDescriptions) it(op.name, () => checkOp(op, backend, reference));
});

it('keeps its contract, and memory flat over 1,000 steps', () => checkBackend(() => webgpu(), { reference }), 600_000);
