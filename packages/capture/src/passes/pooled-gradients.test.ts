import { grad } from '@tessera/autograd';
import { wasm } from '@tessera/backend-wasm';
import { maxPool, relu, setDefaultBackend, type Tensor, tensor } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

setDefaultBackend(await wasm());

// Among the elements are zeros of both signs, infinities, NaN, and windows without anything above 0.
const special = [NaN, Infinity, -Infinity, 0, -0];
const image = tensor(
  Float32Array.from({ length: 2 * 7 * 7 * 4 }, (_, i) => (i % 11 === 0 ? special[(i / 11) % 5]! : Math.sin(i * i) - (i > 250 ? 0.9 : 0.2))),
  { shape: [2, 7, 7, 4] },
);
/** The ops of the gradient after the pooling's, whose numbers are checked against eager code. */
async function opsOf(loss: (x: Tensor) => Tensor): Promise<string[]> {
  const step = capture((x: Tensor) => grad(loss)(x));
  expect(await step(image).data()).toEqual(await (grad(loss)(image) as Tensor).data());
  const ops = step.plans[0]!.steps.map(({ op }) => op);
  return ops.slice(ops.indexOf('maxPoolGradient') + 1);
}
const weighed = (y: Tensor): Tensor => y.mul(y.sub(0.3)).sum();

describe('the gradient of relu is taken of fewer elements', () => {
  it.each([
    ['side by side', { size: 2 }],
    ['that overlap', { size: 3, strides: 1 }],
    ['with padding', { size: 3, strides: 2, padding: 'same' as const }],
  ])('in windows %s', async (_, { size, ...options }) => {
    expect(await opsOf((x) => weighed(maxPool(relu(x), size, options)))).toEqual([]);
  });
  it('but not where others give gradients as well, or nothing was pooled', async () => {
    expect(await opsOf((x) => ((y: Tensor) => weighed(maxPool(y, 2)).add(y.square().sum()))(relu(x)))).not.toEqual([]);
    expect(await opsOf((x) => weighed(relu(maxPool(x, 2))))).toEqual([]);
  });
});
