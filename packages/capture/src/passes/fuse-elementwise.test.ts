import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { relu, run, setDefaultBackend, sigmoid, tensor, type Tensor, tidy, where } from '@tessera/tensor';
import * as composites from '@tessera/core/composites';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

const backend = await wasm();
beforeEach(() => void setDefaultBackend(backend));

const filled = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    { shape },
  );
const opsOf = (f: (...inputs: Tensor[]) => unknown, ...inputs: Tensor[]): string[] => {
  const step = capture(f);
  step(...inputs);
  const lines = step.plans[0]!.describe().split('\n').slice(1);
  return lines.map((line) => / = (\w+(?:\([^)]*\))?)/.exec(line)![1]!).filter((op) => op !== 'fill');
};

describe('element-wise nodes become one', () => {
  it('where each has one consumer', () => {
    expect(opsOf((x) => relu(x!.mul(2).add(1)).sqrt(), filled([3, 4]))).toEqual(['fused(mul, add, relu, sqrt)']);
  });
  it('where all consumers are inside', () => {
    const f = (x?: Tensor): Tensor => ((y) => y.mul(y).add(y))(x!.exp());
    expect(opsOf(f, filled([5]))).toEqual(['fused(exp, mul, add)']);
  });
  it('with one element or one row that repeats', () => {
    expect(opsOf((x, b, s) => x!.add(b!).mul(s!), filled([6, 4]), filled([4]), filled([]))).toEqual(['fused(add, mul)']);
  });
  it('with what is asked for, or used by others later, as further outputs', () => {
    expect(opsOf((x) => ((y) => [y, y.exp()])(x!.mul(2)), filled([4]))).toEqual(['fused(mul, exp)']);
    expect(opsOf((x) => ((y) => y.exp().sum().add(y.sum()))(x!.mul(2)), filled([4]))).toEqual(['fused(mul, exp)', 'sum', 'sum', 'add']);
  });
  it('but not what others need before', () => {
    expect(opsOf((x) => ((y) => y.exp().add(y.sum()))(x!.mul(2)), filled([4]))).toEqual(['mul', 'sum', 'fused(exp, add)']);
  });
  it('but not rows of two lengths, or columns', () => {
    expect(opsOf((x, a, b) => x!.add(a!).mul(b!), filled([2, 6, 4]), filled([4]), filled([6, 4]))).toEqual(['add', 'mul']);
    expect(opsOf((x, a) => x!.exp().add(a!), filled([6, 4]), filled([6, 1]))).toEqual(['exp', 'add']);
  });
});

/** A small program: each number chooses an op and its operands among what is there. */
const programs = fc.array(fc.tuple(fc.nat(9), fc.nat(99), fc.nat(99)), { minLength: 1, maxLength: 40 });
function perform(program: readonly (readonly [number, number, number])[], given: readonly Tensor[]): Tensor[] {
  const [whole, values] = [given[0]!, [...given]];
  for (const [op, p, q] of program) {
    const [a, b] = [values[p % values.length]!, values[q % values.length]!];
    const pair = [a.add(b), a.mul(b), a.sub(b), a.maximum(b), where(a.less(b), a, b), a.abs(), relu(a), sigmoid(a), a.neg(), a.add(0.5)];
    values.push(pair[op]!);
  }
  return [values.at(-1)!.add(whole), values.at(-1)!, values[values.length >> 1]!.sum(), values.at(-2)!];
}

test.prop([programs, fc.constantFrom([7], [3, 5], [2100], [33, 70], [3, 1000], [0, 4])])(
  'fused programs give the same bits as eager ones',
  async (program, shape) => {
    const given = [filled(shape), filled(shape, 2), filled([shape.at(-1)!], 3), filled([], 4)];
    const step = capture((inputs: Tensor[]) => tidy(() => perform(program, inputs)));
    const [captured, eager] = [step(given), tidy(() => perform(program, given))];
    for (const [i, output] of eager.entries()) expect(await captured[i]!.data()).toEqual(await output.data());
    step.dispose();
  },
);

it('the kernel gives what the decomposition does on another backend', async () => {
  const instructions = [
    { op: 'mul', inputs: [0, 1], dtype: 'float32' },
    { op: 'less', inputs: [2, 0], dtype: 'bool' },
    { op: 'select', inputs: [3, 2, 0], dtype: 'float32' },
  ] as const;
  const call = (x: Tensor, row: Tensor): Promise<unknown> =>
    run(composites.fused as never, [x, row], { instructions, outputs: [2] } as never)[0]!.array();
  const [here, there] = [[filled([9, 4]), filled([4], 2)] as const, cpu()];
  const plain = await Promise.all(
    here.map(async (x) => tensor((await x.data()) as Float32Array<ArrayBuffer>, { shape: x.shape, backend: there })),
  );
  expect(await call(...here)).toEqual(await call(plain[0]!, plain[1]!));
});
