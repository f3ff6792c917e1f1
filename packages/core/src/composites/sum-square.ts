import type { Composite } from '../op.ts';
import type { None } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';

/** Σ x² over all elements. Shapes: x `[...]` → scalar. */
export const sumSquare: Composite<None> = {
  name: 'sumSquare',
  check: (inputs) => expectFloat('sumSquare', inputs),
  decompose: (b, [x]) => [b.sumTo(b.mul(x!, x!), [])],
  // d Σ x² = 2x dx
  vjp: (b, { inputs: [x], cotangents: [dy] }) => [b.mul(x!, b.mul(dy!, 2))],
};
