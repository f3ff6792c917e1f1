import { signatures } from '../generated/names.ts';
import type { Call, Job } from './job.ts';

/** Addresses from here on are symbols: places in memory that is known only when a program runs. */
const SPACE = 2 ** 34;

/** The address that stands for the start of the memory of a symbol, a whole number ≥ 1. */
export function symbolic(symbol: number): number {
  return symbol * SPACE;
}

/** Where a program holds an address: `words[at] = start of the symbol's memory + offset`. */
export interface Relocation {
  readonly symbol: number;
  readonly at: number;
  readonly offset: number;
}

/** What was written so far. */
interface Mark {
  readonly words: number;
  readonly relocations: number;
}

/** The words at the start of a job, and of a call. */
const JOB_WORDS = 8;
const CALL_WORDS = 6;

/** In the place of a job's chunks: this is the end of a loop. */
const JUMP = -1;

const kernelNumbers: Readonly<Record<string, number>> = Object.fromEntries(Object.keys(signatures).map((name, i) => [name, i]));

/** After how many tenths of milliseconds whoever has claimed a chunk must have lost its core. */
function latest(chunkNanoseconds: number): number {
  return 1 + Math.ceil((4 * chunkNanoseconds) / 1e5);
}

const NONE: readonly number[] = [];

function wordsOf({ parameters, moves, scratch = NONE }: Call): number {
  return CALL_WORDS + 2 * (parameters.length + moves.length + Math.ceil(scratch.length / 2));
}

/** The places of the words that say what jobs, calls and loops there are. */
function headsOf(words: Int32Array): number[] {
  const heads: number[] = [];
  const add = (at: number, count: number): void => void heads.push(...Array.from({ length: count }, (_, i) => at + i));
  for (let job = 0; job < words.length; job += words[job] / 4) {
    add(job, JOB_WORDS);
    if (words[job + 1] === JUMP) continue;
    let call = job + JOB_WORDS;
    for (let i = 0; i < words[job + 5]; i++) {
      add(call, CALL_WORDS);
      const [, parameters, moves, scratches] = words.subarray(call);
      call += CALL_WORDS + 2 * (parameters + moves + Math.ceil(scratches / 2));
    }
  }
  return heads;
}

/** Writes jobs one after another as `assembly/job.ts` reads them. */
export class JobWriter {
  readonly relocations: Relocation[] = [];
  #words = new Int32Array(1024);
  #floats = new Float32Array(this.#words.buffer);
  #doubles = new Float64Array(this.#words.buffer);
  #length = 0;

  /** What was written. */
  get words(): Int32Array {
    return this.#words.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.relocations.length = 0;
  }

  write({ calls, units, chunk, tile, chunkNanoseconds }: Job): void {
    if (units === 0) return;
    let length = JOB_WORDS;
    for (const call of calls) length += wordsOf(call);
    let at = this.#take(length);
    const words = this.#words;
    words[at] = length * 4;
    words[at + 1] = Math.ceil(units / chunk);
    words[at + 2] = units;
    words[at + 3] = chunk;
    words[at + 4] = tile;
    words[at + 5] = calls.length;
    words[at + 6] = latest(chunkNanoseconds);
    at += JOB_WORDS;
    for (const call of calls) {
      this.#writeCall(call, units, at);
      at += wordsOf(call);
    }
  }

  /**
   * Puts what was written into memory, from the word `to` on, and says how many bytes it is. Words that are there already are left
   * alone: a thread that has read them need not fetch them again.
   */
  copyTo(memory: Int32Array, to: number): number {
    const words = this.#words;
    for (let i = 0; i < this.#length; i++) if (memory[to + i] !== words[i]) memory[to + i] = words[i];
    return this.#length * 4;
  }

  /** Where the next job will be. */
  mark(): Mark {
    return { words: this.#length, relocations: this.relocations.length };
  }

  /**
   * Makes two turns that were written, the second from `middle` on, a loop of so many: their words may differ where a third turn's
   * would differ from the second's by as much. Says whether they are alike enough, and leaves them as they are where not.
   */
  loop(begin: Mark, middle: Mark, times: number): boolean {
    const length = middle.words - begin.words;
    const [first, second] = [this.#words.slice(begin.words, middle.words), this.#words.slice(middle.words, this.#length)];
    const [placed, moved] = [this.relocations.slice(begin.relocations, middle.relocations), this.relocations.slice(middle.relocations)];
    const alike =
      second.length === length &&
      moved.length === placed.length &&
      moved.every(({ symbol, at }, i) => symbol === placed[i].symbol && at - length === placed[i].at) &&
      headsOf(first).every((at) => first[at] === second[at]);
    if (!alike) return false;
    const steps = new Map<number, number>();
    for (let i = 0; i < length; i++) if (first[i] !== second[i]) steps.set(i, second[i] - first[i]);
    placed.forEach(({ offset, at }, i) => {
      if (moved[i].offset !== offset) steps.set(at - begin.words, moved[i].offset - offset);
    });
    this.relocations.length = middle.relocations;
    this.#length = middle.words;
    this.#append([(JOB_WORDS + 2 * steps.size) * 4, JUMP, times, times, length * 4, steps.size, 0, 0]);
    for (const [place, step] of steps) this.#append([(length - place) * 4, step]);
    return true;
  }

  #writeCall({ kernel, parameters, moves, count, scratch = NONE }: Call, units: number, start: number): void {
    const words = this.#words;
    words[start] = kernelNumbers[kernel];
    words[start + 1] = parameters.length;
    words[start + 2] = moves.length;
    words[start + 3] = scratch.length;
    words[start + 4] = count ? count[0] : -1;
    words[start + 5] = count ? count[1] : 0;
    let at = start + CALL_WORDS;
    const types = signatures[kernel];
    for (let place = 0; place < parameters.length; place++, at += 2) this.#put(at, types[place], parameters[place]);
    if (count) words[start + CALL_WORDS + 2 * count[0]] = units * count[1];
    for (const [place, step] of moves) {
      words[at++] = place;
      words[at++] = step;
    }
    for (const place of scratch) words[at++] = place;
  }

  #put(at: number, type: string, value: number): void {
    if (type === 'f') this.#floats[at] = value;
    else if (type === 'd') this.#doubles[at >> 1] = value;
    else if (value < SPACE) this.#words[at] = value;
    else this.relocations.push({ symbol: Math.floor(value / SPACE), at, offset: value % SPACE });
  }

  #append(values: readonly number[]): void {
    const at = this.#take(values.length);
    this.#words.set(values, at);
  }

  /** The place of so many words more, which are 0. */
  #take(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#words.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#words);
      this.#words = larger;
      this.#floats = new Float32Array(larger.buffer);
      this.#doubles = new Float64Array(larger.buffer);
    }
    // A turn of a loop that was taken back may have been here.
    this.#words.fill(0, at, this.#length);
    return at;
  }
}
