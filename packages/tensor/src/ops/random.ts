import { composites, type Key, keyOf, type Shape, splitKey } from '@tessera/core';
import { tensor } from '../creation.ts';
import { defaultBackend } from '../default-backend.ts';
import { activeDevice, run } from '../door.ts';
import type { Tensor } from '../tensor.ts';
import { less, where } from './elementwise.ts';
import { asFloat, cast } from './promote.ts';
import { argsort } from './sort.ts';

/** Options of {@link Random}. */
export interface RandomOptions {
  /** int32 `[2]`: what changes from step to step; streams of different counters are independent. */
  readonly counter?: Tensor;
}

/**
 * A source of random numbers that is only a key and a counter: the same seed gives the same numbers on every backend.
 *
 * Each draw takes the next stream derived from the key, in the order of the calls; `split` derives a source by name,
 * which does not depend on what was drawn before. Inside a captured step the counter enters as a tensor.
 *
 * @see Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
 */
export class Random {
  readonly #key: Key;
  readonly #counter: Tensor | undefined;
  #draws = 0;

  constructor(seed: number | Key, { counter }: RandomOptions = {}) {
    this.#key = typeof seed === 'number' ? keyOf(seed) : seed;
    this.#counter = counter;
  }

  /** An independent source, found again by the same name or number. */
  split(by: string | number): Random {
    return new Random(splitKey(this.#key, by), this.#counter ? { counter: this.#counter } : {});
  }

  /** Uniform numbers from [min, max). */
  uniform(shape: Shape, { min = 0, max = 1 }: { min?: number; max?: number } = {}): Tensor {
    const u = run(composites.uniform, this.next(), { shape })[0]!;
    return min === 0 && max === 1 ? u : u.mul(max - min).add(min);
  }
  /** Normal numbers. */
  normal(shape: Shape, { mean = 0, std = 1 }: { mean?: number; std?: number } = {}): Tensor {
    const z = run(composites.normal, this.next(), { shape })[0]!;
    return mean === 0 && std === 1 ? z : z.mul(std).add(mean);
  }
  /** Normal numbers with those farther than two deviations drawn anew. */
  truncatedNormal(shape: Shape, { mean = 0, std = 1 }: { mean?: number; std?: number } = {}): Tensor {
    // Of four normal draws the first inside is taken; 4.3e-6 of all have none inside and are clipped.
    const draws = Array.from({ length: 4 }, () => this.normal(shape));
    const last = draws.pop()!.maximum(-2).minimum(2);
    const z = draws.reduceRight((other, draw) => where(less(draw.abs(), 2), draw, other), last);
    return z.mul(std).add(mean);
  }
  /** true with probability p. */
  bernoulli(shape: Shape, p: number): Tensor {
    return less(this.uniform(shape), p);
  }
  /** Whole numbers from [low, high): int32, for spans up to 2²⁴. */
  randint(shape: Shape, low: number, high: number): Tensor {
    return cast(this.uniform(shape).mul(high - low), 'int32').add(low);
  }
  /** The numbers 0 … n − 1 in random order: int32. */
  permutation(n: number): Tensor {
    return argsort(run('randomBits', this.next(), { shape: [n] })[0]!, 0);
  }

  /** The key and the counter of the next stream, int32 `[2]` each: for ops that draw by themselves. */
  next(): [key: Tensor, counter: Tensor] {
    const backend = this.#counter?.backend ?? activeDevice()?.backend ?? defaultBackend();
    const [a, b] = splitKey(this.#key, this.#draws++);
    const key = tensor(Int32Array.of(a | 0, b | 0), { backend });
    return [key, this.#counter ?? tensor(Int32Array.of(0, 0), { backend })];
  }
}

/**
 * x with each element set to 0 with probability `rate`, the others scaled by 1/(1 − rate).
 *
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
 */
export function dropout(x: Tensor, rate: number, random: Random): Tensor {
  if (rate === 0) return x;
  return run(composites.dropout, [asFloat(x), ...random.next()], { rate })[0]!;
}
