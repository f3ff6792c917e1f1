import { type Key, keyOf, type Shape, splitKey } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { ambient, type AmbientLoop } from '../ambient.ts';
import { tensor } from '../creation.ts';
import { defaultBackend } from '../default-backend.ts';
import { activeDevice, announceDraw, run } from '../door.ts';
import { op } from '../op.ts';
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
 * which does not depend on what was drawn before. Inside a captured step the counter enters as a tensor: that of the source, or
 * else one of the captured function that moves at each call. In the body of a `scan` each iteration has streams of its own.
 *
 * @see Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
 */
export class Random {
  /** How many streams were taken. @internal */
  draws = 0;
  readonly #key: Key;
  readonly #counter: Tensor | undefined;
  /** The trace in which it was made: an older source goes on from call to call, one made inside begins anew at each. */
  #trace: object | undefined = ambient().state?.trace;
  #forked = false;

  constructor(seed: number | Key, { counter }: RandomOptions = {}) {
    this.#key = typeof seed === 'number' ? keyOf(seed) : seed;
    this.#counter = counter;
  }

  /** An independent source, found again by the same name or number. */
  split(by: string | number): Random {
    const source = this.#derive(splitKey(this.#key, by));
    if (this.#forked) source.#continue(this);
    return source;
  }

  /** An independent source that counts as a draw: another at each call. */
  fork(): Random {
    const source = this.#derive(this.#nextKey());
    source.#continue(this);
    return source;
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
    const { state, loop } = ambient();
    const moving = this.#trace === state?.trace ? undefined : state?.counter?.();
    const backend = this.#counter?.backend ?? activeDevice()?.backend ?? defaultBackend();
    const [a, b] = this.#nextKey();
    const key = tensor(Int32Array.of(a | 0, b | 0), { backend });
    return [inLoops(key, loop), this.#counter ?? moving ?? tensor(Int32Array.of(0, 0), { backend })];
  }

  #nextKey(): Key {
    announceDraw(this);
    return splitKey(this.#key, this.draws++);
  }

  #derive(key: Key): Random {
    return new Random(key, this.#counter ? { counter: this.#counter } : {});
  }

  /** Goes on from call to call where that other source does. */
  #continue(other: Random): void {
    this.#trace = other.#trace;
    this.#forked = true;
  }
}

/** The key of the iteration of each loop around, the outermost first. */
function inLoops(key: Tensor, loop: AmbientLoop | undefined): Tensor {
  return loop ? run('randomBits', [inLoops(key, loop.outer), loop.step()], { shape: [2] })[0]! : key;
}

/**
 * x with each element set to 0 with probability `rate`, the others scaled by 1/(1 − rate).
 *
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
 */
export const dropout: (x: Tensor, rate: number, random: Random) => Tensor = op('dropout', (x, rate, random) =>
  rate === 0 ? x : run(composites.dropout, [asFloat(x), ...random.next()], { rate })[0]!,
);
