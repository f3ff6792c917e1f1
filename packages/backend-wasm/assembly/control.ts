// The control block: the words by which threads agree on what is to be done, and behind them a frame for each thread.

// Words of the control block; those that threads write often lie in cache lines of their own.
export const STATE: usize = 0; // generation << 20 | chunks << 10 | the next chunk
export const DONE: usize = 64; // chunks that others have done
export const FAILED: usize = 128;
export const STOP: usize = 132;
export const JOB: usize = 136;
export const STRIDE: usize = 140; // how far the threads' scratch memories lie apart
export const SLEEPING: usize = 144; // workers that wait for STATE
export const AWAITED: usize = 148; // whether the caller waits for DONE
export const COUNTER: usize = 192; // the program counter
export const END: usize = 196;
export const OWN: usize = 200; // chunks of this job that the caller has claimed
export const OTHERS: usize = 204; // chunks that it still waits for
export const ALONE: usize = 208; // jobs that the caller does by itself before it shares again
export const STALLS: usize = 212;
export const WOKEN: usize = 216; // whether sleeping workers were woken for this job
export const IDLE: usize = 220; // jobs for which they are left asleep before they are woken again
export const FRUITLESS: usize = 224;
export const FRAMES: usize = 256;
/** Each thread's copy of a call's parameters. */
export const FRAME: usize = 1024;

/** Bytes of the control block for so many threads. */
export function controlBytes(threads: i32): i32 {
  return <i32>FRAMES + threads * <i32>FRAME;
}

/** Looking at a word so often takes about as long as waking a thread. */
export const SPINS: i32 = 20_000;

/**
 * Waits while a word is as given. By itself, and too long to be inlined: after a wait V8's first compiler (Node 20) takes other values for
 * a function's variables than they had.
 */
export function sleep(address: usize, word: i32, nanoseconds: i64): void {
  if (atomic.load<i32>(address) == word) atomic.wait<i32>(address, word, nanoseconds);
}
