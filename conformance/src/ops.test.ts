import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { primitives } from '@tessera/core';
import { checkOp, opDescriptions } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';

const reference = cpu();
const backends = [reference, await wasm()];

it('describes every primitive', () => {
  const described = new Set(opDescriptions.map(({ name }) => name.split(' ')[0]));
  expect(Object.keys(primitives).filter((name) => !described.has(name))).toEqual([]);
});

for (const backend of backends) {
  describe(`ops on ${backend.name}`, () => {
    for (const op of opDescriptions) it(op.name, () => checkOp(op, backend, reference));
  });
}
