import { cpu } from '@tessera/backend-cpu';
import { primitives } from '@tessera/core';
import { checkOp, opDescriptions } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

const reference = cpu();

it('describes every primitive', () => {
  const described = new Set(opDescriptions.map(({ name }) => name.split(' ')[0]));
  expect(Object.keys(primitives).filter((name) => !described.has(name))).toEqual([]);
});

for (const [where, backend] of await everyBackend()) {
  describe(`ops on ${where}`, () => {
    for (const op of opDescriptions) it(op.name, () => checkOp(op, where === 'cpu' ? reference : backend, reference));
  });
}
