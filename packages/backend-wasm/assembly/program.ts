// Programs: jobs that lie one after another in memory, run by one call. A job is a kernel call, or several that go over the same
// units together, and may be done in chunks by several threads. Whoever counts up in the word STATE has the next chunk; the caller
// claims like the others and waits only for chunks that others have claimed, so a worker that is late costs nothing.
//
// A job: [bytes, chunks, units, chunk, tile, calls, tenths of milliseconds in which a chunk is done, 0], then its calls. A call: [kernel,
// parameters, moves, scratches, count's place or −1, units' worth of it], its parameters in eight bytes each, its moves [place, step],
// and the places of addresses in scratch memory.
//
// The end of a loop: [bytes, −1, turns left, turns, bytes of its body, moves, 0, 0], then for each word of the body that moves from
// turn to turn how far before this it lies, and its step.
import { invoke } from './dispatch';

// Words of the control block; those that threads write often lie in cache lines of their own.
const STATE: usize = 0; // generation << 20 | chunks << 10 | the next chunk
const DONE: usize = 64; // chunks that others have done
const FAILED: usize = 128;
const STOP: usize = 132;
const JOB: usize = 136;
const STRIDE: usize = 140; // how far the threads' scratch memories lie apart
const SLEEPING: usize = 144; // workers that wait for STATE
const AWAITED: usize = 148; // whether the caller waits for DONE
const COUNTER: usize = 192; // the program counter
const END: usize = 196;
const OWN: usize = 200; // chunks of this job that the caller has claimed
const OTHERS: usize = 204; // chunks that it still waits for
const ALONE: usize = 208; // jobs that the caller does by itself before it shares again
const STALLS: usize = 212;
const WOKEN: usize = 216; // whether sleeping workers were woken for this job
const IDLE: usize = 220; // jobs for which they are left asleep before they are woken again
const FRUITLESS: usize = 224;
const FRAMES: usize = 256;
/** Each thread's copy of a call's parameters. */
const FRAME: usize = 1024;

/** Workers are left asleep for 2⁶ jobs at most, so that a core that has become free is soon found. */
const MOST_FRUITLESS: i32 = 6;

/** Looking at a word so often takes about as long as waking a thread. */
const SPINS: i32 = 20_000;
/** The same for a tenth of a millisecond, where threads may not be waited for otherwise. */
const TENTH: i32 = 100_000;
/** Tenths of milliseconds after which who waits is asked whether to go on. */
const LONG: i32 = 500;

function runChunk(control: usize, job: usize, which: i32, thread: i32): void {
  const units = load<i32>(job, 8), chunk = load<i32>(job, 12), tile = load<i32>(job, 16), calls = load<i32>(job, 20);
  const end = min<i32>(units, (which + 1) * chunk);
  const frame = control + FRAMES + <usize>thread * FRAME;
  const scratch = thread * load<i32>(control, STRIDE);
  for (let first = which * chunk; first < end; first += tile) {
    const count = min<i32>(tile, end - first);
    let call = job + 32;
    for (let c = 0; c < calls; c++) {
      const kernel = load<i32>(call), parameters = call + 24;
      const moves = parameters + (<usize>load<i32>(call, 4) << 3);
      const scratches = moves + (<usize>load<i32>(call, 8) << 3);
      const next = scratches + (<usize>load<i32>(call, 12) << 2);
      if (count == units && scratch == 0) {
        invoke(kernel, parameters);
      } else {
        memory.copy(frame, parameters, moves - parameters);
        const place = load<i32>(call, 16);
        if (place >= 0) store<i32>(frame + (<usize>place << 3), count * load<i32>(call, 20));
        for (let move = moves; move < scratches; move += 8) {
          const at = frame + (<usize>load<i32>(move) << 3);
          store<i32>(at, load<i32>(at) + first * load<i32>(move, 4));
        }
        for (let s = scratches; s < next; s += 4) {
          const at = frame + (<usize>load<i32>(s) << 3);
          store<i32>(at, load<i32>(at) + scratch);
        }
        invoke(kernel, frame);
      }
      call = (next + 7) & ~7;
    }
  }
}

/** Claims the next chunk of the job that a word announces: its number, or −1 when there is none, or −2 when another was faster. */
// @ts-ignore: decorator
@inline
function claim(control: usize, word: i32): i32 {
  const next = word & 0x3ff;
  if (next >= ((word >> 10) & 0x3ff)) return -1;
  return atomic.cmpxchg<i32>(control + STATE, word, word + 1) == word ? next : -2;
}

function publish(control: usize, job: usize, chunks: i32): void {
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
function learn(control: usize, others: i32): void {
  const fruitless = load<i32>(control, FRUITLESS);
  if (others && load<i32>(control, OWN)) {
    if (fruitless) store<i32>(control, 0, FRUITLESS);
  } else if (others || load<i32>(control, WOKEN)) {
    store<i32>(control, 1 << fruitless, IDLE);
    store<i32>(control, min<i32>(fruitless + 1, MOST_FRUITLESS), FRUITLESS);
  }
  store<i32>(control, 0, WOKEN);
}

/** Looks at DONE until others have done so many chunks, at most so often. */
function spin(control: usize, others: i32, times: i32): bool {
  for (; times > 0; times--) if (atomic.load<i32>(control + DONE) >= others) return true;
  return false;
}

/**
 * Waits while a word is as given. By itself, and too long to be inlined: after a wait V8's first compiler (Node 20) takes other values for
 * a function's variables than they had.
 */
function sleep(address: usize, word: i32, nanoseconds: i64): void {
  if (atomic.load<i32>(address) == word) atomic.wait<i32>(address, word, nanoseconds);
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
  // Where workers keep losing their core, fewer and fewer jobs are shared; those in time bring them back.
  const stalls = load<i32>(control, STALLS);
  if (waits > load<i32>(job, 24)) {
    store<i32>(control, min<i32>(stalls + 1, 8), STALLS);
    store<i32>(control, 8 << stalls, ALONE);
  } else if (stalls) {
    store<i32>(control, stalls - 1, STALLS);
  }
  return true;
}

/** Takes all chunks that nobody has claimed yet, and says how many the others have. */
function takeRest(control: usize): void {
  for (;;) {
    const word = atomic.load<i32>(control + STATE);
    const rest = (word >> 10) & 0x3ff;
    if (atomic.cmpxchg<i32>(control + STATE, word, (word & ~0x3ff) | rest) == word) {
      store<i32>(control, (word & 0x3ff) - load<i32>(control, OWN), OTHERS);
      return;
    }
  }
}

/** At the end of a loop's body: moves what moves, and says where to go on. */
function jump(at: usize): usize {
  const left = load<i32>(at, 8) - 1, turns = load<i32>(at, 12);
  store<i32>(at, left ? left : turns, 8);
  const moves = at + 32, end = moves + (<usize>load<i32>(at, 20) << 3);
  for (let move = moves; move < end; move += 8) {
    const word = at - <usize>load<i32>(move);
    // After the last turn all is as it was before the first.
    const step = load<i32>(move, 4) * (left ? 1 : 1 - turns);
    store<i32>(word, load<i32>(word) + step);
  }
  return left ? at - <usize>load<i32>(at, 16) : at + <usize>load<i32>(at);
}

/** What {@link advance} answers. */
const FINISHED: i32 = 0, WAITING: i32 = 1, LOST: i32 = 2;

/** Bytes of the control block for so many threads. */
export function controlBytes(threads: i32): i32 {
  return <i32>FRAMES + threads * <i32>FRAME;
}

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
