import { DeviceError } from '@tessera/core';
import type { Trainer } from '@tessera/train';
import type { FromWorker, Picture } from '../messages.ts';

/** Milliseconds between two looks at the same picture while the model learns. */
const AGAIN_EVERY = 250;

/** Says what a model makes of a picture, also while it learns. */
export class Classifier {
  readonly #post: (message: FromWorker) => void;
  #trainer: Trainer | undefined;
  #picture: Picture | undefined;
  #busy = false;
  #stale = false;
  #lookedAt = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /** The model that looks from now on. */
  use(trainer: Trainer | undefined): void {
    this.#trainer = trainer;
  }

  /** Looks at a new picture. */
  show(picture: Picture | undefined): void {
    this.#picture = picture;
    void this.#look();
  }

  /** Looks at the same picture with what was learned since. */
  again(): void {
    if (this.#picture && performance.now() - this.#lookedAt >= AGAIN_EVERY) void this.#look();
  }

  /** One look at a time; those asked for meanwhile become one. */
  async #look(): Promise<void> {
    if (this.#busy) return void (this.#stale = true);
    const [trainer, picture] = [this.#trainer, this.#picture];
    if (!picture) return;
    if (!trainer) return this.#post({ type: 'classified', probabilities: undefined });
    this.#busy = true;
    try {
      const { data } = await trainer.predict({ data: picture, shape: [1, 28, 28, 1] });
      if (this.#picture) this.#post({ type: 'classified', probabilities: [...data] });
    } catch (error) {
      // A device that was lost: while it learns, the next one looks again.
      if (!DeviceError.is(error)) throw error;
      this.#post({ type: 'classified', probabilities: undefined });
    } finally {
      this.#busy = false;
    }
    this.#lookedAt = performance.now();
    if (this.#stale) {
      this.#stale = false;
      void this.#look();
    }
  }
}
