/** Milliseconds of enqueueing after which the device is waited for and the event loop turns. */
const TURN_EVERY = 40;
/** Milliseconds within which the device should have done what was enqueued. Larger than the 100 within which some browsers tell of it. */
const DONE_WITHIN = 200;

/**
 * Paces steps that are enqueued: says when to wait for the device, and lets the event loop turn, as timers, input and Ctrl-C are only
 * delivered between its turns. A device that is slower than it is fed is waited for after fewer steps, so that what is still to be done
 * when somebody stops is little.
 */
export class EventLoop {
  /** Steps since the last turn, and how many there may be. */
  #steps = 0;
  #most = 1;
  #began = performance.now();

  /** Counts a step; whether it is time to wait for the device. */
  due(): boolean {
    return ++this.#steps >= this.#most || performance.now() - this.#began >= TURN_EVERY;
  }

  /** What the device answers when it has done the steps. */
  async wait<T>(answer: Promise<T>): Promise<T> {
    const value = await answer;
    const fitting = Math.floor((this.#steps * DONE_WITHIN) / (performance.now() - this.#began));
    this.#most = Math.max(1, Math.min(2 * this.#steps, fitting));
    return value;
  }

  async turn(): Promise<void> {
    await new Promise<void>(nextTurn);
    this.#steps = 0;
    this.#began = performance.now();
  }
}

/** Calls back when the event loop has turned: at once where a timer would wait a millisecond, or in browsers four. */
function nextTurn(done: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(done);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(undefined);
}
