// Which jobs are not shared, since the last ones that were have gained nothing.
import { ALONE, FRUITLESS, IDLE, OWN, SLEEPING, STALLS, WOKEN } from './control';

/** Workers are left asleep for 2⁶ jobs at most, so that a core that has become free is soon found. */
const MOST_FRUITLESS: i32 = 6;

/** Whether the caller does the next job by itself, of those that it could share: where workers lose their core, or all sleep and are not worth waking. */
export function alone(control: usize, workers: i32): i32 {
  const place = load<i32>(control, ALONE) ? ALONE : IDLE;
  const left = load<i32>(control + place);
  if (left == 0 || (place == IDLE && atomic.load<i32>(control + SLEEPING) < workers)) return 0;
  store<i32>(control + place, left - 1);
  return 1;
}

/**
 * Waking a thread costs microseconds. Where another program has the workers' core, they come when all is done, or they are given the caller's
 * core and do all while it waits for it: either way nothing was done at the same time, and they are woken less and less.
 */
export function learn(control: usize, others: i32): void {
  const fruitless = load<i32>(control, FRUITLESS);
  if (others && load<i32>(control, OWN)) {
    if (fruitless) store<i32>(control, 0, FRUITLESS);
  } else if (others || load<i32>(control, WOKEN)) {
    store<i32>(control, 1 << fruitless, IDLE);
    store<i32>(control, min<i32>(fruitless + 1, MOST_FRUITLESS), FRUITLESS);
  }
  store<i32>(control, 0, WOKEN);
}

/** Where workers keep losing their core amid a chunk, fewer and fewer jobs are shared; those in time bring them back. */
export function learnOfWaits(control: usize, late: bool): void {
  const stalls = load<i32>(control, STALLS);
  if (late) {
    store<i32>(control, min<i32>(stalls + 1, 8), STALLS);
    store<i32>(control, 8 << stalls, ALONE);
  } else if (stalls) {
    store<i32>(control, stalls - 1, STALLS);
  }
}
