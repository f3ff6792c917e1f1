import type { Builder } from '../builder.ts';
import { UsageError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat } from '../primitives/expect.ts';
import { type Shape, sizeOf } from '../shape.ts';

/** Attributes of random draws. */
export interface DrawAttributes {
  readonly shape: Shape;
}

// The upper 24 bits of each word, as a whole number from 0 to 2²⁴ − 1; floor division of a signed word by 2⁸ is an
// arithmetic shift, and adding 2²³ makes it unsigned.
function words24<T extends Spec>(b: Builder<T>, key: T, counter: T, shape: Shape): T {
  const bits = b.primitive('randomBits', [key, counter], { shape })[0]!;
  return b.cast(b.add(b.floorDivide(bits, 256), 2 ** 23), 'float32');
}

/** Numbers from [0, 1), multiples of 2⁻²⁴. Inputs: key and counter, int32 `[2]`. */
export const uniform: Composite<DrawAttributes> = {
  name: 'uniform',
  decompose: (b, [key, counter], { shape }) => [b.mul(words24(b, key!, counter!, shape), 2 ** -24)],
};

/**
 * Standard normal numbers: √(−2 ln u)·cos 2πv and ·sin 2πv. Inputs: key and counter, int32 `[2]`.
 *
 * @see Box, Muller 1958, "A Note on the Generation of Random Normal Deviates".
 */
export const normal: Composite<DrawAttributes> = {
  name: 'normal',
  decompose(b, [key, counter], { shape }) {
    const size = sizeOf(shape);
    const pairs = Math.ceil(size / 2);
    const words = words24(b, key!, counter!, [2, pairs]);
    const row = (i: number): ReturnType<typeof b.slice> => b.reshape(b.slice(words, [i, 0], [1, pairs]), [pairs]);
    // In (0, 1], so that the logarithm is finite.
    const u = b.mul(b.add(row(0), 1), 2 ** -24);
    const angle = b.mul(row(1), 2 * Math.PI * 2 ** -24);
    const radius = b.sqrt(b.mul(b.log(u), -2));
    const both = b.concat([b.mul(radius, b.cos(angle)), b.mul(radius, b.sin(angle))], 0);
    return [b.reshape(b.slice(both, [0], [size]), shape)];
  },
};

/** Attributes of {@link dropout}. */
export interface DropoutAttributes {
  /** The probability that an element is dropped. */
  readonly rate: number;
}

export function expectRate(op: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) throw new UsageError(`[${op}] rate must be from 0 to 1: got ${rate}`);
}

/** What is kept is multiplied by 1/(1 − rate), so that the mean stays; by 0 where nothing is kept. */
export function dropoutScale(rate: number): number {
  return rate < 1 ? 1 / (1 - rate) : 0;
}

/**
 * x/(1 − rate), but 0 where {@link uniform} numbers of x's shape are below the rate. Inputs: x, key and counter. The gradient draws
 * the same numbers again.
 *
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
 */
export const dropout: Composite<DropoutAttributes> = {
  name: 'dropout',
  check([x], { rate }) {
    expectFloat('dropout', [x!]);
    expectRate('dropout', rate);
  },
  decompose(b, [x, key, counter], { rate }) {
    const drawn = b.apply(uniform, [key!, counter!], { shape: x!.shape });
    return [b.select(b.less(drawn, rate), 0, b.mul(x!, dropoutScale(rate)))];
  },
  vjp: (b, { inputs: [, key, counter], cotangents: [dy], attributes }) => [b.apply(dropout, [dy!, key!, counter!], attributes)],
};
