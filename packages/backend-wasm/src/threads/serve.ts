import type { runChunk } from './job.ts';

/** What a worker is given. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The kernels that jobs name by their places. */
  readonly names: readonly string[];
  /** The words that threads agree by, and the numbers of the job. */
  readonly control: SharedArrayBuffer;
  /** How many words there are. */
  readonly words: number;
  readonly thread: number;
}

export type Serve = typeof serve;

/**
 * What a worker does: claims chunks of the job that the control words announce, until it is told to stop. It gets this
 * function as text: it must stand by itself.
 */
export function serve({ module, memory, names, control, words: length, thread }: Shared, run: typeof runChunk, ready: () => void): void {
  const [STATE, DONE, FAILED, STOP] = [0, 1, 2, 3];
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, () => number>;
  const kernels = names.map((name) => exports[name]!);
  const words = new Int32Array(control, 0, length);
  const numbers = new Float64Array(control, length * 4);
  ready();
  for (;;) {
    const word = Atomics.load(words, STATE);
    const [next, chunks] = [word & 0x3ff, (word >> 10) & 0x3ff];
    if (next < chunks) {
      // Whoever counts up has the chunk; until it is done the job's numbers stay as they are.
      if (Atomics.compareExchange(words, STATE, word, word + 1) !== word) continue;
      try {
        run(kernels, numbers, next, thread);
      } catch {
        Atomics.store(words, FAILED, 1);
      }
      Atomics.add(words, DONE, 1);
      Atomics.notify(words, DONE);
      continue;
    }
    if (Atomics.load(words, STOP)) return;
    // Jobs come back to back: waiting takes longer to end than looking does.
    let spins = 0;
    while (spins < 20_000 && Atomics.load(words, STATE) === word) spins++;
    if (spins === 20_000) Atomics.wait(words, STATE, word, 1000);
  }
}
