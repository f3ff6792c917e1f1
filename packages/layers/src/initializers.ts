import { type Shape, ShapeError, sizeOf } from '@tessera/core';
import { full, type Random, tensor, type Tensor, tidy, ones as onesTensor, zeros as zerosTensor } from '@tessera/tensor';
import { factory } from './options/named.ts';

/** Makes the first value of a variable. */
export type Initializer = (shape: Shape, random: Random) => Tensor;

/** How many inputs each output sees, and outputs each input; a kernel is `[...window, in, out]`. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: sizeOf(shape), fanOut: sizeOf(shape) };
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * shape.at(-2)!, fanOut: window * shape.at(-1)! };
}

type Mode = 'fanIn' | 'fanOut' | 'fanAvg';

function variance(scale: number, mode: Mode, shape: Shape): number {
  const { fanIn, fanOut } = fans(shape);
  const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[mode];
  return scale / Math.max(1, fan);
}

/* @__NO_SIDE_EFFECTS__ */
function uniformOf(name: string, scale: number, mode: Mode): () => Initializer {
  return factory(name, () => (shape, random) => {
    const limit = Math.sqrt(3 * variance(scale, mode, shape));
    return tidy(() => random.uniform(shape, { min: -limit, max: limit }));
  });
}
// Cut off at two deviations, a normal distribution keeps 0.8796 of its deviation.
/* @__NO_SIDE_EFFECTS__ */
function normalOf(name: string, scale: number, mode: Mode): () => Initializer {
  return factory(
    name,
    () => (shape, random) =>
      tidy(() => random.truncatedNormal(shape, { std: Math.sqrt(variance(scale, mode, shape)) / 0.8796256610342398 })),
  );
}

/** Uniform within ±√(6/(fanIn + fanOut)). @see Glorot, Bengio 2010, eq. 16. */
export const glorotUniform: () => Initializer = uniformOf('glorotUniform', 1, 'fanAvg');
/** Truncated normal of variance 2/(fanIn + fanOut). */
export const glorotNormal: () => Initializer = normalOf('glorotNormal', 1, 'fanAvg');
/** Uniform within ±√(6/fanIn). @see He et al. 2015. https://arxiv.org/abs/1502.01852 */
export const heUniform: () => Initializer = uniformOf('heUniform', 2, 'fanIn');
/** Truncated normal of variance 2/fanIn. */
export const heNormal: () => Initializer = normalOf('heNormal', 2, 'fanIn');
/** Uniform within ±√(3/fanIn). @see LeCun et al. 1998, "Efficient BackProp". */
export const lecunUniform: () => Initializer = uniformOf('lecunUniform', 1, 'fanIn');
/** Truncated normal of variance 1/fanIn. */
export const lecunNormal: () => Initializer = normalOf('lecunNormal', 1, 'fanIn');

/** Zeros. */
export const zeros: () => Initializer = factory('zeros', () => (shape) => zerosTensor(shape));
/** Ones. */
export const ones: () => Initializer = factory('ones', () => (shape) => onesTensor(shape));
/** One value. */
export const constant: (value: number) => Initializer = factory('constant', (value: number) => (shape) => full(shape, value));
/** Uniform numbers from [min, max). */
export const randomUniform: (options?: { min?: number; max?: number }) => Initializer = factory(
  'randomUniform',
  ({ min = -0.05, max = 0.05 } = {}) =>
    (shape, random) =>
      tidy(() => random.uniform(shape, { min, max })),
);
/** Normal numbers. */
export const randomNormal: (options?: { mean?: number; std?: number }) => Initializer = factory(
  'randomNormal',
  ({ mean = 0, std = 0.05 } = {}) =>
    (shape, random) =>
      tidy(() => random.normal(shape, { mean, std })),
);
/** Normal numbers within two deviations. */
export const truncatedNormal: (options?: { mean?: number; std?: number }) => Initializer = factory(
  'truncatedNormal',
  ({ mean = 0, std = 0.05 } = {}) =>
    (shape, random) =>
      tidy(() => random.truncatedNormal(shape, { mean, std })),
);

/**
 * Orthonormal rows or columns, whichever are fewer, of the kernel as a matrix `[inputs, outputs]`, times `gain`.
 *
 * @see Saxe, McClelland, Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning". https://arxiv.org/abs/1312.6120
 */
export const orthogonal: (options?: { gain?: number }) => Initializer = factory('orthogonal', ({ gain = 1 } = {}) => (shape, random) => {
  if (shape.length < 2) throw new ShapeError(`[orthogonal] needs at least two axes: got [${shape.join(', ')}]`);
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape) / columns;
  return tidy(() =>
    orthonormalColumns(random.normal([Math.max(rows, columns), Math.min(rows, columns)]), rows < columns)
      .mul(gain)
      .reshape(shape),
  );
});

/** Gram and Schmidt's process, column by column. */
function orthonormalColumns(a: Tensor, transposed: boolean): Tensor {
  const [rows, count] = a.shape as [number, number];
  let basis: Tensor | undefined;
  for (let i = 0; i < count; i++) {
    let v = a.at(':', [i, i + 1]);
    // Twice is enough: rounding leaves a little of the others behind the first time.
    for (let turn = 0; turn < 2 && basis; turn++) v = v.sub(basis.matmul(basis.T.matmul(v)));
    v = v.div(v.square().sum().sqrt());
    basis = basis ? joinColumns(basis, v) : v;
  }
  const q = basis ?? tensor([], { shape: [rows, 0] });
  return transposed ? q.T : q;
}

function joinColumns(a: Tensor, b: Tensor): Tensor {
  const width = a.shape[1]!;
  return a
    .pad([
      [0, 0],
      [0, 1],
    ])
    .add(
      b.pad([
        [0, 0],
        [width, 0],
      ]),
    );
}
