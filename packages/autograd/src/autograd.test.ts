import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { exp, Random, setDefaultBackend, sigmoid, tanh, tensor, type Tensor, Variable, where } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpoint } from './checkpoint.ts';
import { customGradient, stopGradient } from './custom.ts';
import { gradCheck } from './grad-check.ts';
import { grad, valueAndGrad } from './gradient.ts';
import { hessian, jacobian } from './jacobian.ts';
import { jvp, vjp } from './vjp.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const wide = (values: unknown): Tensor => tensor(values as number[], { dtype: 'float64' });
const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });
const close = (got: unknown, expected: unknown): void => {
  const [a, b] = [[got].flat(9) as number[], [expected].flat(9) as number[]];
  expect(a).toHaveLength(b.length);
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i]!, 8));
};

describe('gradients', () => {
  it('of a tree have the structure of the tree', async () => {
    const tree = { w: wide([1, 2]), inner: [wide(3)] };
    const [value, slopes] = valueAndGrad(({ w, inner }: typeof tree) => w.mul(w).sum().mul(inner[0]!))(tree);
    expect(await value.item()).toBe(15);
    close(await slopes.w.array(), [6, 12]);
    close(await slopes.inner[0]!.array(), 5);
  });

  it('by several arguments, with results that are not differentiated', async () => {
    const f = (a: Tensor, b: Tensor): [Tensor, Tensor] => [a.mul(b), a.add(b)];
    const [[value, aux], [da, db]] = valueAndGrad(f, { argnums: [0, 1], hasAux: true })(wide(2), wide(5)) as unknown as [
      [Tensor, Tensor],
      [Tensor, Tensor],
    ];
    close(await Promise.all([value, aux, da, db].map((x) => x.item())), [10, 7, 5, 2]);
  });

  it('reach variables that are read inside, and are zeros where nothing depends on them', async () => {
    const [used, unused] = [new Variable(wide([3])), new Variable(wide([4]))];
    const slopes = grad(() => used.read().square().sum())({ used, unused });
    close(await slopes.used.array(), [6]);
    close(await slopes.unused.array(), [0]);
  });

  it('refuse what cannot be differentiated', () => {
    expect(() => grad((x: Tensor) => x.mul(2))(wide([1, 2]))).toThrow(
      /must return one float: got float64 \[2\]\. Sum or average it, or use vjp/,
    );
    expect(() => grad((x: Tensor) => x.sum())(tensor(Int32Array.of(1)))).toThrow(/gradients are by float tensors: got int32/);
    expect(() => grad(() => 3)(wide(1))).toThrow(/must return a scalar tensor: got number/);
  });

  test.prop([numbers(3), numbers(3), fc.double({ min: -3, max: 3, noNaN: true })])('are linear', async (at, weights, factor) => {
    const [f, g] = [(x: Tensor) => tanh(x).sum(), (x: Tensor) => x.mul(wide(weights)).exp().sum()];
    const both = grad((x: Tensor) => f(x).mul(factor).add(g(x)))(wide(at));
    const apart = grad(f)(wide(at))
      .mul(factor)
      .add(grad(g)(wide(at)));
    close(await both.array(), await apart.array());
  });
});

describe('products with the Jacobian', () => {
  const f = (x: Tensor): Tensor =>
    tanh(
      x.matmul(
        wide([
          [1, -1],
          [2, 0.5],
          [0, 3],
        ]),
      ),
    ).square();

  test.prop([numbers(3), numbers(3), numbers(2)])('from the left and from the right agree: u·(J·v) = (u·J)·v', async (at, v, u) => {
    const [, pushed] = jvp(f, [wide(at)], [wide(v)]);
    const [, pullback] = vjp(f, wide(at));
    const [pulled] = pullback(wide(u));
    close(await pushed.mul(wide(u)).sum().item(), await pulled.mul(wide(v)).sum().item());
  });

  it('the Jacobian of a linear map is its matrix', async () => {
    const matrix = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    close(await jacobian((x) => wide(matrix).matmul(x))(wide([7, 8, 9])).array(), matrix);
  });

  it('the Hessian of a quadratic is its matrix', async () => {
    const matrix = [
      [2, 1],
      [1, 6],
    ];
    const q = (x: Tensor): Tensor => x.matmul(wide(matrix)).matmul(x).div(2);
    close(await hessian(q)(wide([0.3, -5])).array(), matrix);
  });

  it('nest to any order', async () => {
    const third = grad((x: Tensor) => grad((y: Tensor) => grad((z: Tensor) => z.pow(5))(y))(x));
    close(await third(wide(2)).item(), 240);
  });
});

describe('gradients made otherwise', () => {
  it('stopGradient lets none through', async () => close(await grad((x: Tensor) => x.mul(stopGradient(x)))(wide(3)).item(), 3));

  it('customGradient gives its own, which can be differentiated again', async () => {
    const cube = customGradient((x: Tensor) => [x.mul(x).mul(x), (dy) => [dy.mul(x).mul(10)]]);
    close(await grad((x: Tensor) => cube(x))(wide(2)).item(), 20);
    close(await grad((x: Tensor) => grad((y: Tensor) => cube(y))(x))(wide(2)).item(), 10);
  });

  it('checkpoint gives the same gradient, of arguments, of what it closes over, and twice', async () => {
    const w = new Variable(wide([0.5, -1]));
    const block = (x: Tensor): Tensor => sigmoid(exp(x.mul(w.read())));
    const [plain, again] = [block, checkpoint(block)].map((f) => (x: Tensor) => f(x).sum());
    const x = wide([0.2, 0.7]);
    close(await grad(again!)(x).array(), await grad(plain!)(x).array());
    close(await grad(() => again!(x))(w).array(), await grad(() => plain!(x))(w).array());
    close(await hessian(again!)(x).array(), await hessian(plain!)(x).array());
  });

  it('checkpoint draws the same random numbers again', async () => {
    const noisy = (x: Tensor): Tensor => x.mul(new Random(3).uniform([4]).astype('float64')).sum();
    const x = wide([1, 2, 3, 4]);
    close(await grad(checkpoint(noisy))(x).array(), await grad(noisy)(x).array());
  });
});

describe('gradCheck', () => {
  it('passes what is right, to the second order', () =>
    gradCheck((x) => where(x.greater(0), x.square(), x), [wide([0.5, -0.5])], { order: 2 }));
  it('finds what is wrong and says where', async () => {
    const wrong = customGradient((x: Tensor) => [x.square(), (dy) => [dy.mul(x)]]);
    await expect(gradCheck(wrong, [wide([1, 2])])).rejects.toThrow(/gradient/i);
  });
});
