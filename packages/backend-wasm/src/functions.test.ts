import { wasm } from './backend.ts';
import { contiguousView, type Operand } from '@tessera/core';
import { describe, expect, it } from 'vitest';

const backend = await wasm();

async function apply(op: string, ...inputs: Float32Array<ArrayBuffer>[]): Promise<Float32Array> {
  const { byteLength, length } = inputs[0]!;
  const operand = (): Operand => ({ buffer: backend.allocate(byteLength), dtype: 'float32', view: contiguousView([length]) });
  const operands = inputs.map(operand);
  const y = operand();
  operands.forEach(({ buffer }, i) => backend.write(buffer, new Uint8Array(inputs[i]!.buffer)));
  backend.execute(op, operands, {}, [y]);
  const result = new Float32Array((await backend.read(y.buffer, 0, byteLength)).buffer);
  for (const { buffer } of [...operands, y]) backend.free(buffer);
  return result;
}

/** The distance of a float from the exact value, in units of the last place of the nearest float. */
function ulps(got: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Object.is(got, nearest) || got === nearest || (Number.isNaN(got) && Number.isNaN(nearest))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(nearest)) return Infinity;
  const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(nearest) || 2 ** -149)) - 23);
  return Math.abs(got - exact) / unit;
}

/** Floats of every exponent and sign, evenly over their bits, and every special one. */
const everywhere = new Float32Array(Uint32Array.from({ length: 2 ** 19 + 3 }, (_, i) => Math.imul(i, 8191)).buffer);
const special = Float32Array.of(
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  88.72,
  88.73,
  -87.3,
  -103.9,
  -104,
  200,
  -200,
  1e-45,
  1.1754944e-38,
  3.4e38,
);

const functions: Record<string, [exact: (x: number) => number, most: number]> = {
  exp: [Math.exp, 2],
  log: [Math.log, 2],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), 6],
  tanh: [Math.tanh, 6],
  erf: [erf, 6],
  sin: [Math.sin, 5],
  cos: [Math.cos, 5],
};
/** Functions whose relative error has no bound, where they fall to 0. */
const absolute: Record<string, (x: number) => number> = {
  gelu: (x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2,
  geluTanh: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
};

describe('functions stay within their errors over the whole range', () => {
  for (const [op, [exact, most]] of Object.entries(functions)) {
    it(`${op}: ${most} ulp`, async () => {
      for (const values of [everywhere, special]) {
        const got = await apply(op, values);
        let worst = 0;
        let where = 0;
        values.forEach((x, i) => {
          const error = ulps(got[i]!, exact(x));
          if (error > worst) [worst, where] = [error, x];
        });
        expect(worst, `${op}(${where})`).toBeLessThanOrEqual(most);
      }
    });
  }
  for (const [op, exact] of Object.entries(absolute)) {
    it(`${op}: 2e-6, or 6 ulp`, async () => {
      for (const values of [everywhere, special]) {
        const got = await apply(op, values);
        values.forEach((x, i) => {
          if (!Number.isFinite(x)) return;
          const error = Math.min(Math.abs(got[i]! - exact(x)), ulps(got[i]!, exact(x)) <= 6 ? 0 : Infinity);
          expect(error, `${op}(${x})`).toBeLessThanOrEqual(2e-6);
        });
      }
    });
  }
});

describe('pow', () => {
  /** As C and Python have it: 1 to the power of anything and anything to the power of 0 are 1, NaN and infinities included. */
  const power = (a: number, b: number): number => (a === 1 || (Math.abs(a) === 1 && Math.abs(b) === Infinity) ? 1 : a ** b);
  const expectPowers = async (a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>): Promise<void> => {
    const got = await apply('pow', a, b);
    let [worst, where] = [0, 0];
    a.forEach((x, i) => {
      const error = ulps(got[i]!, power(x, b[i]!));
      if (error > worst) [worst, where] = [error, i];
    });
    expect(worst, `${a[where]} ** ${b[where]}`).toBeLessThanOrEqual(1);
  };

  it('is within 1 ulp over the whole range', async () => {
    for (const [factor, shift] of [
      [1, 0],
      [0.001, 0],
      [4, -3],
    ] as const) {
      const exponents = everywhere.map((_, i) => ((Math.imul(i, 2654435761) >>> 8) / 2 ** 24 - 0.5) * 60 * factor + shift);
      await expectPowers(everywhere, exponents);
      await expectPowers(
        everywhere.map((x) => Math.abs(x)),
        exponents,
      );
      await expectPowers(
        everywhere.map((_, i) => 0.5 + i / 2 ** 19),
        exponents.map((b) => b * 8),
      );
    }
  });

  it('has the right special values', async () => {
    const values = [...special, 2, -2, 3, 0.5, -0.5, 1 / 3, -1e-40, 2 ** 23 + 1, 2 ** 24, 1 - 2 ** -24];
    const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
    const [a, b] = [0, 1].map((at) => Float32Array.from(pairs, (pair) => pair[at]!));
    const got = await apply('pow', a!, b!);
    a!.forEach((x, i) => {
      const exact = power(x, b![i]!);
      expect(ulps(got[i]!, exact), `${x} ** ${b![i]} = ${got[i]}, not ${exact}`).toBeLessThanOrEqual(1);
      if (exact === 0) expect(Object.is(got[i], exact), `${x} ** ${b![i]}: the sign`).toBe(true);
    });
  });
});

describe('maximum and minimum', () => {
  it('give NaN where either is, and order zeros by their signs', async () => {
    const a = Float32Array.of(-0, 0, NaN, 1, 2, -0, NaN, Infinity, -0);
    const b = Float32Array.of(0, -0, 1, NaN, -3, -0, NaN, -Infinity, 0);
    expect(await apply('maximum', a, b)).toEqual(Float32Array.from(a, (x, i) => Math.max(x, b[i]!)));
    expect(await apply('minimum', a, b)).toEqual(Float32Array.from(a, (x, i) => Math.min(x, b[i]!)));
  });
});

/** erf by its series, and by the continued fraction of erfc beyond 2.5. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  if (a > 2.5) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
    return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
