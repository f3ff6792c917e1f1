// What threads do that are there to help.
import { claim } from './claims';
import { AWAITED, DONE, FAILED, JOB, sleep, SLEEPING, SPINS, STATE, STOP } from './control';
import { runChunk } from './job';

/** After a kernel failed in a worker. */
export function fail(control: usize): void {
  atomic.store<i32>(control + FAILED, 1);
  atomic.add<i32>(control + DONE, 1);
  atomic.notify(control + DONE);
}

/** Tells workers to end. */
export function stop(control: usize): void {
  atomic.store<i32>(control + STOP, 1);
  atomic.add<i32>(control + STATE, 1 << 20);
  atomic.notify(control + STATE);
}

/** Does chunks of the job that STATE announces, as long as there are any; gives the word in which there are none. */
export function work(control: usize, thread: i32): i32 {
  let word = atomic.load<i32>(control + STATE);
  for (let which = claim(control, word); which != -1; which = claim(control, word)) {
    if (which >= 0) {
      // Until this chunk is done the job stays as it is.
      runChunk(control, <usize>load<i32>(control, JOB), which, thread);
      atomic.add<i32>(control + DONE, 1);
      if (atomic.load<i32>(control + AWAITED)) atomic.notify(control + DONE);
    }
    word = atomic.load<i32>(control + STATE);
  }
  return word;
}

/** Looks at STATE until it is another word, or for long; says whether it is. */
function watch(control: usize, word: i32): bool {
  for (let spins = 0; spins < SPINS; spins++) if (atomic.load<i32>(control + STATE) != word) return true;
  return false;
}

/**
 * What a worker does: claims chunks until it is told to stop. It goes on for ever, so its engine never compiles it well: chunks are for a
 * function that ends, which is exported so that it is not inlined.
 */
export function serve(control: usize, thread: i32): void {
  for (;;) {
    const word = work(control, thread);
    if (atomic.load<i32>(control + STOP)) return;
    if (watch(control, word)) continue;
    atomic.add<i32>(control + SLEEPING, 1);
    sleep(control + STATE, word, 1_000_000_000);
    atomic.sub<i32>(control + SLEEPING, 1);
  }
}
