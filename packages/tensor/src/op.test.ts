import { describe, expect, test } from 'vitest';
import { setDefaultBackend } from './default-backend.ts';
import { cpu } from '@tessera/backend-cpu';
import { tensor } from './creation.ts';
import { hasSymbols, op, opNameOf } from './op.ts';
import * as activation from './ops/activation.ts';
import * as attention from './ops/attention.ts';
import * as convolution from './ops/convolution.ts';
import * as diagonal from './ops/diagonal.ts';
import { einsum } from './ops/einsum.ts';
import * as elementwise from './ops/elementwise.ts';
import * as indexing from './ops/indexing.ts';
import * as joining from './ops/joining.ts';
import * as linear from './ops/matmul.ts';
import * as movement from './ops/movement.ts';
import * as normalization from './ops/normalization.ts';
import { pad } from './ops/padding.ts';
import * as recurrent from './ops/recurrent.ts';
import * as reduction from './ops/reduction.ts';
import * as sorting from './ops/sort.ts';
import { originOf, symbol } from './symbolic.ts';
import type { Tensor } from './tensor.ts';

describe('an op', () => {
  const swish: (x: Tensor, beta?: number) => Tensor = op('@scope/swish', (x, beta = 1) => x.mul(x.mul(beta).sigmoid()));

  test('is the function itself between tensors with elements', async () => {
    setDefaultBackend(cpu());
    expect(await swish(tensor([0, 20])).array()).toEqual([0, 20]);
  });

  test('is recorded as one call between symbolic tensors', () => {
    const x = symbol({ shape: [3], dtype: 'float32' });
    expect(originOf(swish(x, 2))).toMatchObject({ callee: swish, args: [x, 2] });
  });

  test('has a name that minifiers leave', () => {
    expect([swish.name, opNameOf(swish), opNameOf(expect), opNameOf('add')]).toEqual([
      '@scope/swish',
      '@scope/swish',
      undefined,
      undefined,
    ]);
  });

  test('is what every function from tensors to tensors is, under its own name', () => {
    const families = {
      ...activation,
      ...attention,
      ...convolution,
      ...diagonal,
      einsum,
      ...elementwise,
      ...indexing,
      ...joining,
      ...linear,
    };
    const all = { ...families, ...movement, ...normalization, pad, ...recurrent, ...reduction, ...sorting };
    const others = Object.entries(all).filter(([name, f]) => opNameOf(f) !== name || f.name !== name);
    // One is another's second name, one is of numbers alone, and three read values back.
    expect(others.map(([name]) => name).sort()).toEqual(['argwhere', 'gather', 'item', 'maskedSelect', 'resolvePadding']);
  });
});

test('symbolic tensors are found in arrays and plain objects', () => {
  const x = symbol({ shape: [3], dtype: 'float32' });
  expect([x, [1, [x]], { options: { mask: x } }].every(hasSymbols)).toBe(true);
  expect([undefined, null, 1, 'x', [1, 2], { shape: [3] }, new Map([[1, x]])].some(hasSymbols)).toBe(false);
});
