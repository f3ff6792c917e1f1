import { wasm } from '@tessera/backend-wasm';
import { conv, gelu, relu, setDefaultBackend, tanh, type Tensor, tensor } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

setDefaultBackend(await wasm());

const filled = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    { shape },
  );
/** The ops that are left of a function, each product with what it does besides; captured results are those of the function, bit for bit. */
async function opsOf(f: (...inputs: Tensor[]) => unknown, ...inputs: Tensor[]): Promise<string[]> {
  const step = capture(f);
  const [captured, eager] = [step(...inputs), f(...inputs)].map((result) => [result].flat() as Tensor[]);
  for (const [i, expected] of eager!.entries()) {
    expect(captured![i]!.shape).toEqual(expected.shape);
    expect(await captured![i]!.data()).toEqual(await expected.data());
  }
  return step.plans[0]!.steps.map(({ op, attributes }) => {
    const { bias, activation, residual } = attributes as Record<string, unknown>;
    return op.endsWith('Epilogue')
      ? [op, bias && 'bias', activation !== 'none' && activation, residual && 'residual'].filter(Boolean).join(' ')
      : op;
  });
}
const [a, b, row, whole] = [filled([9, 20]), filled([20, 33], 2), filled([33], 3), filled([9, 33], 4)];

describe('products do what follows them', () => {
  it.each<[string, (...inputs: Tensor[]) => Tensor, string]>([
    ['bias', (a, b, row) => a!.matmul(b!).add(row!), 'matmulEpilogue bias'],
    ['bias and activation', (a, b, row) => relu(a!.matmul(b!).add(row!)), 'matmulEpilogue bias relu'],
    ['bias from the left', (a, b, row) => tanh(row!.add(a!.matmul(b!))), 'matmulEpilogue bias tanh'],
    ['activation', (a, b) => gelu(a!.matmul(b!)), 'matmulEpilogue gelu'],
    ['all of it', (a, b, row, whole) => whole!.add(relu(a!.matmul(b!).add(row!))), 'matmulEpilogue bias relu residual'],
    ['a residual', (a, b, _, whole) => a!.matmul(b!).add(whole!), 'matmulEpilogue residual'],
    ['bias under another shape', (a, b, row) => a!.matmul(b!).reshape([3, 3, 33]).add(row!), 'matmulEpilogue bias'],
    [
      'a residual under another shape',
      (a, b, row, whole) =>
        a!
          .matmul(b!)
          .reshape([3, 3, 33])
          .add(row!)
          .add(whole!.reshape([3, 3, 33])),
      'matmulEpilogue bias residual',
    ], // prettier-ignore
  ])('%s', async (_, f, expected) => {
    expect(await opsOf(f, a, b, row, whole)).toEqual([expected]);
  });
  it('convolutions as well', async () => {
    const f = (x?: Tensor, k?: Tensor, row?: Tensor): Tensor => relu(conv(x!, k!, { padding: 'same' }).add(row!));
    expect(await opsOf(f, filled([2, 7, 6, 3]), filled([3, 3, 3, 5], 2), filled([5]))).toEqual(['convolutionEpilogue bias relu']);
  });
  it('each of a sum of products adds what the others gave', async () => {
    const f = (a?: Tensor, b?: Tensor): Tensor => a!.matmul(b!).add(a!.neg().matmul(b!)).add(a!.exp().matmul(b!));
    const ops = await opsOf(f, a, b);
    expect(ops.filter((op) => op !== 'exp' && op !== 'neg')).toEqual(['matmul', 'matmulEpilogue residual', 'matmulEpilogue residual']);
  });
});

describe('but not', () => {
  it('past what is needed besides', async () => {
    const f = (a?: Tensor, b?: Tensor, row?: Tensor): Tensor[] => ((y) => [y, relu(y)])(a!.matmul(b!).add(row!));
    expect(await opsOf(f, a, b, row)).toEqual(['matmulEpilogue bias', 'relu']);
    expect(await opsOf((a, b, row) => ((y) => y.add(row!).mul(y))(a!.matmul(b!)), a, b, row)).toEqual(['matmul', 'fused']);
  });
  it('in another order than bias, activation, residual', async () => {
    expect(await opsOf((a, b, row) => relu(a!.matmul(b!)).add(row!), a, b, row)).toEqual(['matmulEpilogue relu', 'add']);
    expect(await opsOf((a, b, _, whole) => relu(a!.matmul(b!).add(whole!)), a, b, row, whole)).toEqual(['matmulEpilogue residual', 'relu']);
  });
  it('with columns, single numbers or transposed residuals, or of integers', async () => {
    expect(await opsOf((a, b, column) => a!.matmul(b!).add(column!), a, b, filled([9, 1]))).toEqual(['matmul', 'add']);
    expect(await opsOf((a, b) => a!.matmul(b!).add(2), a, b)).toEqual(['matmul', 'add']);
    expect(await opsOf((a, b, x) => a!.matmul(b!).add(x!.transpose()), a, b, filled([33, 9]))).toEqual(['matmul', 'add']);
    const [i, j] = [a, b].map((x) => x.mul(9).astype('int32'));
    expect(await opsOf((a, b) => a!.matmul(b!).add(a!.matmul(b!).neg()), i!, j!)).toEqual(['matmul', 'fused']);
  });
});
