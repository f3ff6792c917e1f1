import type { Callback } from '@tessera/train';

/** Holds training between two steps while it is closed. */
export class Gate implements Callback {
  #opened: Promise<void> | undefined;
  #open = (): void => {};
  /** Milliseconds that training was held, in all. */
  held = 0;

  close(): void {
    this.#opened ??= new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
    this.#opened = undefined;
  }

  async onStepEnd(): Promise<void> {
    const began = performance.now();
    await this.#opened;
    this.held += performance.now() - began;
  }
}
