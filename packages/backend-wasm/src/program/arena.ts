import type { Instance } from '../instance.ts';
import type { WasmBuffer } from '../runtime.ts';

/** Memory for the temporaries of all plans: only one runs at a time, and what it leaves there is dead. */
export class Arena {
  readonly #instance: Instance;
  /** What plans need that are ready to run. */
  readonly #held: number[] = [];
  #memory: WasmBuffer | undefined;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  get address(): number {
    return this.#memory!.address;
  }

  /** Makes room for a plan's temporaries. @throws OutOfMemoryError */
  hold(byteLength: number): void {
    if (!this.#memory || this.#memory.byteLength < byteLength) this.#resize(byteLength);
    this.#held.push(byteLength);
  }

  /** Gives back what {@link hold} took. */
  release(byteLength: number): void {
    this.#held.splice(this.#held.indexOf(byteLength), 1);
    if (this.#held.length > 0) {
      const needed = Math.max(...this.#held);
      if (needed < this.#memory!.byteLength) this.#resize(needed);
    } else {
      this.#instance.free(this.#memory!);
      this.#memory = undefined;
    }
  }

  // The old memory is given back first, so that a smaller one always fits.
  #resize(byteLength: number): void {
    const before = this.#memory;
    if (before) this.#instance.free(before);
    try {
      this.#memory = this.#instance.allocate(byteLength);
    } catch (error) {
      if (before) this.#memory = this.#instance.allocate(before.byteLength);
      throw error;
    }
  }
}
