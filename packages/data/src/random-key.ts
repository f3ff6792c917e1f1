import { type Key, keyOf, Philox, splitKey } from '@tessera/core';

/**
 * A key of random numbers on the host. It holds no state: the same key always gives the same numbers, and keys split
 * from it by different numbers or names are independent.
 *
 * @example
 * const random = RandomKey.fromSeed(1).split('flip').split(index).generator();
 * const flipped = random.uniform() < 0.5;
 */
export class RandomKey {
  readonly #key: Key;

  constructor(key: Key) {
    this.#key = key;
  }

  /** The key of a seed. */
  static fromSeed(seed: number): RandomKey {
    return new RandomKey(keyOf(seed));
  }

  /** The key of a part: of an epoch, an example, a purpose. */
  split(by: number | string): RandomKey {
    return new RandomKey(splitKey(this.#key, by));
  }

  /** The key's stream of numbers, from its beginning. */
  generator(): Philox {
    return new Philox(this.#key);
  }
}
