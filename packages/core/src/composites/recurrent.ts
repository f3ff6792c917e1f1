import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import type { None } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';
import { formatShape } from '../shape.ts';
import { sigmoid } from './activation.ts';

/** Checks `[z, W, ...]` and the states of a cell whose pre-activations are `gates` times its units. */
function checkSequence(op: string, gates: number, inputs: readonly Spec[], states: readonly Spec[]): void {
  expectFloat(op, inputs);
  const [z, w] = inputs.map(({ shape }) => shape);
  const units = w![0]!;
  const fits =
    z!.length === 3 &&
    w!.length === 2 &&
    z![2] === gates * units &&
    w![1] === gates * units &&
    states.every(({ shape }) => shape.length === 2 && shape[0] === z![0] && shape[1] === units);
  if (fits) return;
  throw new ShapeError(
    `[${op}] z [N, T, ${gates}·units], W [units, ${gates}·units] and states [N, units] must fit: got ${inputs.map(({ shape }) => formatShape(shape)).join(', ')}`,
  );
}

/** x[:, t] of `[N, T, U]`. */
function at<T extends Spec>(b: Builder<T>, x: T, t: number): T {
  const [n, , width] = x.shape as [number, number, number];
  return b.reshape(b.slice(x, [0, t, 0], [n, 1, width]), [n, width]);
}

/** The `count` equal parts of the last axis of `[N, count·U]`. */
function parts<T extends Spec>(b: Builder<T>, x: T, count: number): T[] {
  const [n, width] = x.shape as [number, number];
  return Array.from({ length: count }, (_, i) => b.slice(x, [0, (i * width) / count], [n, width / count]));
}

/** `[N, U]` for each time → `[N, T, U]`. */
function stack<T extends Spec>(b: Builder<T>, xs: readonly T[], n: number, width: number, like: Spec): T {
  if (xs.length === 0) return b.fill(0, [n, 0, width], like.dtype);
  return b.concat(
    xs.map((x) => b.reshape(x, [n, 1, width])),
    1,
  );
}

const zeros = <T extends Spec>(b: Builder<T>, { shape, dtype }: Spec): T => b.fill(0, shape, dtype);
const transposed = <T extends Spec>(b: Builder<T>, w: T): T => b.transpose(w, [1, 0]);
/** s' = s(1 − s) of a sigmoid's value, and 1 − y² of a tanh's. */
const sigmoidSlope = <T extends Spec>(b: Builder<T>, s: T): T => b.mul(s, b.sub(1, s));
const tanhSlope = <T extends Spec>(b: Builder<T>, y: T): T => b.sub(1, b.mul(y, y));

/** Σ over examples and times of stateᵀ·gradient, each state being that before the time: the gradient of the recurrent kernel. */
function recurrentGradient<T extends Spec>(b: Builder<T>, first: T, states: T, dz: T): T {
  const [n, length, units] = states.shape as [number, number, number];
  const before = length === 0 ? states : b.concat([b.reshape(first, [n, 1, units]), b.slice(states, [0, 0, 0], [n, length - 1, units])], 1);
  const rows = b.reshape(before, [n * length, units]);
  return b.matmul(transposed(b, rows), b.reshape(dz, [n * length, dz.shape[2]!]));
}

/** Gradients of {@link lstm}. Inputs: W, c₀, c, gates, and the cotangents of h, c and gates; outputs: dz, dh₀, dc₀. */
export const lstmGradient: Composite<None> = {
  name: 'lstmGradient',
  overwrites: () => [[3, 6]],
  repeats: [4, 5, 6],
  infer: ([, c0, , gates]) => [gates!, c0!, c0!],
  decompose<T extends Spec>(b: Builder<T>, [w, c0, c, gates, dhs, dcs, dgates]: readonly T[]) {
    const [n, length, width] = gates!.shape as [number, number, number];
    const dzs = new Array<T>(length);
    let [dh, dc] = [zeros(b, c0!), zeros(b, c0!)];
    for (let t = length - 1; t >= 0; t--) {
      const [i, f, g, o] = parts(b, at(b, gates!, t), 4) as [T, T, T, T];
      const [di, df, dg, dOut] = parts(b, at(b, dgates!, t), 4) as [T, T, T, T];
      const y = b.tanh(at(b, c!, t));
      const dy = b.add(at(b, dhs!, t), dh);
      const d = b.add(b.add(at(b, dcs!, t), dc), b.mul(b.mul(dy, o), tanhSlope(b, y)));
      const previous = t > 0 ? at(b, c!, t - 1) : c0!;
      dzs[t] = b.concat(
        [
          b.mul(b.add(b.mul(d, g), di), sigmoidSlope(b, i)),
          b.mul(b.add(b.mul(d, previous), df), sigmoidSlope(b, f)),
          b.mul(b.add(b.mul(d, i), dg), tanhSlope(b, g)),
          b.mul(b.add(b.mul(dy, y), dOut), sigmoidSlope(b, o)),
        ],
        1,
      );
      dh = b.matmul(dzs[t]!, transposed(b, w!));
      dc = b.mul(d, f);
    }
    return [stack(b, dzs, n, width, gates!), dh, dc];
  },
};

/**
 * A long short-term memory over whole sequences: with [i, f, g, o] = z[t] + h[t−1]·W,
 * c[t] = σ(f)·c[t−1] + σ(i)·tanh(g) and h[t] = σ(o)·tanh(c[t]).
 *
 * Inputs: z `[N, T, 4U]` (the inputs' part, x·Wₓ + b), W `[U, 4U]`, h₀ and c₀ `[N, U]`; outputs: h and c `[N, T, U]`, and the
 * gates `[N, T, 4U]` after their activations, which the gradient needs.
 *
 * @see Hochreiter, Schmidhuber 1997, "Long Short-Term Memory".
 */
export const lstm: Composite<None> = {
  name: 'lstm',
  overwrites: () => [[], [], [0]],
  check: (inputs) => checkSequence('lstm', 4, inputs, inputs.slice(2)),
  infer([z, w]) {
    const { dtype, shape } = z!;
    const states = { dtype, shape: [shape[0]!, shape[1]!, w!.shape[0]!] };
    return [states, states, { dtype, shape }];
  },
  decompose<T extends Spec>(b: Builder<T>, [z, w, h0, c0]: readonly T[]) {
    const [n, length, width] = z!.shape as [number, number, number];
    const [hs, cs, gates]: [T[], T[], T[]] = [[], [], []];
    let [h, c] = [h0!, c0!];
    for (let t = 0; t < length; t++) {
      const sums = parts(b, b.add(at(b, z!, t), b.matmul(h, w!)), 4);
      const [i, f, g, o] = sums.map((sum, gate) => (gate === 2 ? b.tanh(sum) : b.apply(sigmoid, [sum], {}))) as [T, T, T, T];
      c = b.add(b.mul(f, c), b.mul(i, g));
      h = b.mul(o, b.tanh(c));
      hs.push(h);
      cs.push(c);
      gates.push(b.concat([i, f, g, o], 1));
    }
    const units = w!.shape[0]!;
    return [stack(b, hs, n, units, z!), stack(b, cs, n, units, z!), stack(b, gates, n, width, z!)];
  },
  vjp(b, { inputs: [, w, h0, c0], outputs, cotangents }) {
    const [h, c, gates] = outputs;
    const given = outputs.map((output, i) => cotangents[i] ?? zeros(b, output));
    const [dz, dh0, dc0] = b.applyAll(lstmGradient, [w!, c0!, c!, gates!, ...given], {});
    return [dz, recurrentGradient(b, h0!, h!, dz!), dh0, dc0];
  },
};

/**
 * Gradients of {@link gru}. Inputs: W, h₀, h, gates, aₙ, and the cotangents of h, gates and aₙ; outputs: dz, da `[N, T, 3U]`, dh₀.
 */
export const gruGradient: Composite<None> = {
  name: 'gruGradient',
  overwrites: () => [
    [3, 6],
    [3, 6],
  ],
  repeats: [5, 6, 7],
  infer: ([, h0, , gates]) => [gates!, gates!, h0!],
  decompose<T extends Spec>(b: Builder<T>, [w, h0, h, gates, candidates, dhs, dgates, dcandidates]: readonly T[]) {
    const [n, length, width] = gates!.shape as [number, number, number];
    const [dzs, das] = [new Array<T>(length), new Array<T>(length)];
    let dh = zeros(b, h0!);
    for (let t = length - 1; t >= 0; t--) {
      const [u, r, candidate] = parts(b, at(b, gates!, t), 3) as [T, T, T];
      const [du, dr, dn] = parts(b, at(b, dgates!, t), 3) as [T, T, T];
      const d = b.add(at(b, dhs!, t), dh);
      const previous = t > 0 ? at(b, h!, t - 1) : h0!;
      const inner = b.mul(b.add(b.mul(d, b.sub(1, u)), dn), tanhSlope(b, candidate));
      const update = b.mul(b.add(b.mul(d, b.sub(previous, candidate)), du), sigmoidSlope(b, u));
      const reset = b.mul(b.add(b.mul(inner, at(b, candidates!, t)), dr), sigmoidSlope(b, r));
      dzs[t] = b.concat([update, reset, inner], 1);
      das[t] = b.concat([update, reset, b.add(b.mul(inner, r), at(b, dcandidates!, t))], 1);
      dh = b.add(b.mul(d, u), b.matmul(das[t]!, transposed(b, w!)));
    }
    return [stack(b, dzs, n, width, gates!), stack(b, das, n, width, gates!), dh];
  },
};

/**
 * A gated recurrent unit over whole sequences, its reset applied after the product: with a = h[t−1]·W + b,
 * u = σ(zᵤ + aᵤ), r = σ(zᵣ + aᵣ), n = tanh(zₙ + r·aₙ) and h[t] = u·h[t−1] + (1 − u)·n.
 *
 * Inputs: z `[N, T, 3U]` (the inputs' part, in the order u, r, n), W `[U, 3U]`, b `[3U]`, h₀ `[N, U]`; outputs: h `[N, T, U]`, and
 * what the gradient needs: the gates `[N, T, 3U]` after their activations, and aₙ `[N, T, U]`.
 *
 * @see Cho et al. 2014, "Learning Phrase Representations using RNN Encoder–Decoder". https://arxiv.org/abs/1406.1078
 */
export const gru: Composite<None> = {
  name: 'gru',
  overwrites: () => [[], [0]],
  check(inputs) {
    checkSequence('gru', 3, inputs, inputs.slice(3));
    const [, w, bias] = inputs.map(({ shape }) => shape);
    if (bias!.length === 1 && bias![0] === w![1]) return;
    throw new ShapeError(`[gru] b must be [3·units]: got ${formatShape(bias!)} for W ${formatShape(w!)}`);
  },
  infer([z, w]) {
    const { dtype, shape } = z!;
    const states = { dtype, shape: [shape[0]!, shape[1]!, w!.shape[0]!] };
    return [states, { dtype, shape }, states];
  },
  decompose<T extends Spec>(b: Builder<T>, [z, w, bias, h0]: readonly T[]) {
    const [n, length, width] = z!.shape as [number, number, number];
    const [hs, gates, candidates]: [T[], T[], T[]] = [[], [], []];
    let h = h0!;
    for (let t = 0; t < length; t++) {
      const [zu, zr, zn] = parts(b, at(b, z!, t), 3) as [T, T, T];
      const [au, ar, an] = parts(b, b.add(b.matmul(h, w!), bias!), 3) as [T, T, T];
      const u = b.apply(sigmoid, [b.add(zu, au)], {});
      const r = b.apply(sigmoid, [b.add(zr, ar)], {});
      const candidate = b.tanh(b.add(zn, b.mul(r, an)));
      h = b.add(b.mul(u, h), b.mul(b.sub(1, u), candidate));
      hs.push(h);
      gates.push(b.concat([u, r, candidate], 1));
      candidates.push(an);
    }
    const units = w!.shape[0]!;
    return [stack(b, hs, n, units, z!), stack(b, gates, n, width, z!), stack(b, candidates, n, units, z!)];
  },
  vjp(b, { inputs: [, w, bias, h0], outputs, cotangents }) {
    const [h, gates, candidates] = outputs;
    const given = outputs.map((output, i) => cotangents[i] ?? zeros(b, output));
    const [dz, da, dh0] = b.applyAll(gruGradient, [w!, h0!, h!, gates!, candidates!, ...given], {});
    return [dz, recurrentGradient(b, h0!, h!, da!), b.sumTo(da!, bias!.shape), dh0];
  },
};
