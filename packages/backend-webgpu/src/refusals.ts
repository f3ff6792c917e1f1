import { DeviceError, DeviceLostError } from '@tessera/core';

/** What a device refuses, and its loss: known after the call that was refused, and thrown by whatever is called next. */
export class Refusals {
  readonly #device: GPUDevice;
  #pending: Promise<void> = Promise.resolve();
  #failure: DeviceError | undefined;
  #closed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
    void device.lost.then(({ message, reason }) => {
      if (this.#closed) return;
      this.#failure = new DeviceLostError(
        `[webgpu] the device was lost (${reason}): ${message.replace(/\.$/, '')}. Make another backend with await webgpu(), and load the last saved state.`,
      );
    });
    // What is refused outside of a batch: buffers that could not be made.
    device.addEventListener?.('uncapturederror', ((event: GPUUncapturedErrorEvent) => {
      event.preventDefault();
      this.#fail(event.error.message);
    }) as EventListener);
  }

  /** Throws what the device refused since it was last asked; after its loss, at every call. */
  check(): void {
    const failure = this.#failure;
    if (!failure) return;
    if (!DeviceLostError.is(failure)) this.#failure = undefined;
    throw failure;
  }

  /** Does what the device may refuse. */
  guarded(f: () => void): void {
    this.#device.pushErrorScope('validation');
    this.#device.pushErrorScope('out-of-memory');
    try {
      f();
    } finally {
      const errors = [this.#device.popErrorScope(), this.#device.popErrorScope()].map(async (pending) => {
        const error = await pending.catch(() => null);
        if (error) this.#fail(error.message);
      });
      const before = this.#pending;
      this.#pending = Promise.all([before, ...errors]).then(() => {});
    }
  }

  /** What the device answers, once it has said whether it refuses anything that was done before. @throws what it refused. */
  async answered<T>(answer: Promise<T>): Promise<T> {
    const pending = this.#pending;
    try {
      const value = await answer;
      await pending;
      this.check();
      return value;
    } catch (cause) {
      // A mapping that is given up, where nobody disposed of the buffer, tells of a loss: sooner, it may be, than the device does.
      const lost = (cause as Error).name === 'AbortError' && !this.#closed;
      await (lost ? this.#device.lost : pending);
      this.check();
      if (DeviceError.is(cause)) throw cause;
      throw new DeviceError('[webgpu] reading failed. The backend may have been disposed meanwhile.', { cause });
    }
  }

  #fail(message: string): void {
    const op = /tessera:(\w+)/.exec(message)?.[1] ?? 'webgpu';
    this.#failure ??= new DeviceError(`[${op}] the device refused the call: ${message}`);
  }

  /** From now on the device is lost on purpose. */
  close(): void {
    this.#closed = true;
  }
}
