import type { Backend, Buffer } from '@tessera/core';

/** A buffer shared by the tensors that are views of it; given back when the last of them goes. */
export class Storage {
  readonly backend: Backend;
  readonly buffer: Buffer;
  #references = 0;

  constructor(backend: Backend, buffer: Buffer) {
    this.backend = backend;
    this.buffer = buffer;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  /** How many handles there are on it. */
  get handles(): number {
    return this.#references;
  }

  release(): void {
    if (--this.#references === 0) this.backend.free(this.buffer);
  }
}
