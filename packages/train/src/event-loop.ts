/** Milliseconds of enqueueing after which the device is waited for and the event loop turns. */
const TURN_EVERY = 40;
/** Milliseconds within which the device should do the steps of a turn. Larger than the 100 within which some browsers tell of it. */
const DONE_WITHIN = 150;

/**
 * Paces steps that are enqueued: lets the event loop turn, as timers, input and Ctrl-C are only delivered between its turns, and asks the
 * device how far it is. An answer is waited for at the next turn, so that the device has the steps since then to do meanwhile. One that is
 * slower than it is fed gets fewer steps for each turn, so that what is still to be done when somebody stops is little.
 */
export class EventLoop<T> {
  /** Steps since the last turn, and how many there may be. */
  #steps = 0;
  #most = 1;
  #began = performance.now();
  /** What was asked at the last turn and not answered, and of how many steps. */
  #asked: { readonly answer: Promise<T>; readonly steps: number } | undefined;
  #answered = this.#began;

  /** Counts a step; whether it is time for a turn. */
  due(): boolean {
    return ++this.#steps >= this.#most || performance.now() - this.#began >= TURN_EVERY;
  }

  /** Lets the event loop turn. The answers that came are that of the turn before, and this one where the device has nothing left to do. */
  async turn(answer: Promise<T>): Promise<readonly T[]> {
    const asked = { answer, steps: this.#steps };
    let here = false;
    answer.then(
      () => (here = true),
      () => {},
    );
    const answers = this.#asked ? [await this.#wait(this.#asked)] : [];
    await new Promise<void>(nextTurn);
    if (here) answers.push(await this.#wait(asked));
    this.#asked = here ? undefined : asked;
    this.#steps = 0;
    this.#began = performance.now();
    return answers;
  }

  /** What was asked is not wanted any more. */
  forget(): void {
    this.#asked = undefined;
  }

  async #wait({ answer, steps }: { readonly answer: Promise<T>; readonly steps: number }): Promise<T> {
    const value = await answer;
    const now = performance.now();
    this.#most = Math.max(1, Math.min(2 * this.#steps, Math.ceil((steps * DONE_WITHIN) / (now - this.#answered))));
    this.#answered = now;
    return value;
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
