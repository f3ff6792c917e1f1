// Programs: jobs that lie one after another in memory, run by one call. A job is a kernel call, or several that go over the same
// units together, and may be done in chunks by several threads. Whoever counts up in the word STATE has the next chunk; the caller
// claims like the others and waits only for chunks that others have claimed, so a worker that is late costs nothing.
import { alone, learn, learnOfWaits } from './back-off';
import { claim, publish, takeRest } from './claims';
import { AWAITED, COUNTER, DONE, END, FAILED, JOB, OTHERS, OWN, sleep, SPINS, STATE, STRIDE } from './control';
import { jump, runChunk } from './job';

/** Looking at a word so often takes a tenth of a millisecond, where threads may not be waited for otherwise. */
const TENTH: i32 = 100_000;
/** Tenths of milliseconds after which who waits is asked whether to go on. */
const LONG: i32 = 500;

/** Looks at DONE until others have done so many chunks, at most so often. */
function spin(control: usize, others: i32, times: i32): bool {
  for (; times > 0; times--) if (atomic.load<i32>(control + DONE) >= others) return true;
  return false;
}

/** Waits a tenth of a millisecond at most until others have done so many chunks. */
function wait(control: usize, others: i32, mayWait: i32): bool {
  if (!mayWait) return spin(control, others, TENTH);
  atomic.store<i32>(control + AWAITED, 1);
  const done = atomic.load<i32>(control + DONE);
  if (done < others) sleep(control + DONE, done, 100_000);
  atomic.store<i32>(control + AWAITED, 0);
  return atomic.load<i32>(control + DONE) >= others;
}

/** Waits until others have done the chunks that they claimed; false when that takes long. */
function awaitOthers(control: usize, job: usize, mayWait: i32): bool {
  const others = load<i32>(control, OTHERS);
  let waits = 0;
  if (!spin(control, others, SPINS)) {
    while (!wait(control, others, mayWait)) if (++waits == LONG) return false;
  }
  store<i32>(control, 0, OTHERS);
  learnOfWaits(control, waits > load<i32>(job, 24));
  return true;
}

/** What {@link advance} answers. */
const FINISHED: i32 = 0, WAITING: i32 = 1, LOST: i32 = 2;

/** Makes a program the one that {@link advance} runs. */
export function begin(control: usize, program: usize, bytes: i32, stride: i32): void {
  store<i32>(control, <i32>program, COUNTER);
  store<i32>(control, <i32>program + bytes, END);
  if (load<i32>(control, STRIDE) != stride) store<i32>(control, stride, STRIDE);
  store<i32>(control, 0, OTHERS);
}

/**
 * Runs the program from its counter on. FINISHED: it is at its end. WAITING: a worker has not done what it claimed for long;
 * whoever calls again waits on. LOST: a worker failed.
 */
export function advance(control: usize, workers: i32, mayWait: i32): i32 {
  let job = <usize>load<i32>(control, COUNTER);
  const end = <usize>load<i32>(control, END);
  while (job < end) {
    const chunks = load<i32>(job, 4);
    if (chunks < 0) {
      job = jump(job);
      store<i32>(control, <i32>job, COUNTER);
      continue;
    }
    if (load<i32>(control, OTHERS) == 0) {
      if (chunks == 1 || workers == 0 || alone(control, workers)) {
        for (let which = 0; which < chunks; which++) runChunk(control, job, which, 0);
      } else {
        publish(control, job, chunks);
        for (;;) {
          const which = claim(control, atomic.load<i32>(control + STATE));
          if (which == -1) break;
          if (which < 0) continue;
          store<i32>(control, load<i32>(control, OWN) + 1, OWN);
          runChunk(control, job, which, 0);
        }
        const others = chunks - load<i32>(control, OWN);
        store<i32>(control, others, OTHERS);
        learn(control, others);
      }
    }
    if (load<i32>(control, OTHERS)) {
      if (!awaitOthers(control, job, mayWait)) return WAITING;
      if (atomic.load<i32>(control + FAILED)) return LOST;
    }
    job += <usize>load<i32>(job);
    store<i32>(control, <i32>job, COUNTER);
  }
  return FINISHED;
}

/** After a kernel failed in the caller: nobody claims any more; answers as {@link advance} does, for what others have claimed. */
export function abandon(control: usize, mayWait: i32): i32 {
  if (load<i32>(control, OTHERS) == 0) takeRest(control);
  return awaitOthers(control, <usize>load<i32>(control, JOB), mayWait) ? FINISHED : WAITING;
}
