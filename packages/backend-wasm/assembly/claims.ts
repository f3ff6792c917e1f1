// Whoever counts up in the word STATE has the next chunk of the job that it announces.
import { DONE, JOB, OTHERS, OWN, SLEEPING, STATE, WOKEN } from './control';

/** Claims the next chunk of the job that a word announces: its number, or −1 when there is none, or −2 when another was faster. */
// @ts-ignore: decorator
@inline
export function claim(control: usize, word: i32): i32 {
  const next = word & 0x3ff;
  if (next >= ((word >> 10) & 0x3ff)) return -1;
  return atomic.cmpxchg<i32>(control + STATE, word, word + 1) == word ? next : -2;
}

/** Announces a job, and wakes those that sleep. */
export function publish(control: usize, job: usize, chunks: i32): void {
  // What is written is fetched anew by the others: so nothing is that stays as it was.
  if (load<i32>(control, JOB) != <i32>job) store<i32>(control, <i32>job, JOB);
  if (atomic.load<i32>(control + DONE)) atomic.store<i32>(control + DONE, 0);
  store<i32>(control, 0, OWN);
  const generation = (atomic.load<i32>(control + STATE) >>> 20) + 1;
  atomic.store<i32>(control + STATE, (generation << 20) | (chunks << 10));
  if (atomic.load<i32>(control + SLEEPING) == 0) return;
  store<i32>(control, 1, WOKEN);
  atomic.notify(control + STATE);
}

/** Takes all chunks that nobody has claimed yet, and says how many the others have. */
export function takeRest(control: usize): void {
  for (;;) {
    const word = atomic.load<i32>(control + STATE);
    const rest = (word >> 10) & 0x3ff;
    if (atomic.cmpxchg<i32>(control + STATE, word, (word & ~0x3ff) | rest) == word) {
      store<i32>(control, (word & 0x3ff) - load<i32>(control, OWN), OTHERS);
      return;
    }
  }
}
