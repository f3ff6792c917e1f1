import { expect, it } from 'vitest';
import { Gate } from './gate.ts';

it('holds a step while it is closed, and says for how long', async () => {
  const gate = new Gate();
  await gate.onStepEnd();
  gate.close();
  gate.close();
  let passed = false;
  const step = gate.onStepEnd().then(() => (passed = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(passed).toBe(false);
  gate.open();
  await step;
  expect(gate.held).toBeGreaterThan(20);
  await gate.onStepEnd();
});
