import type { Buffer, Kernel, Operand, Plan, PlanOperand, PlanRunner, PrimitiveAttributes } from '@tessera/core';
import { aligned } from '../allocator.ts';
import type { Instance } from '../instance.ts';
import type { Runtime, WasmBuffer } from '../runtime.ts';
import type { Arena } from './arena.ts';
import { loopBytes, type Placement, recordLoop } from './loop.ts';
import { CONSTANTS, FIRST_TENSOR, Recorder, SCRATCH } from './recorder.ts';
import { symbolic } from './writer.ts';

/** The kernels' functions by the names of their ops. */
export type KernelTable = Readonly<Record<string, Kernel<never>>>;

/** The symbol of the memory of a plan's temporaries. */
const TEMPORARIES = FIRST_TENSOR;
/** The symbol of a buffer of a plan that is its caller's. */
const symbolOf = (buffer: number): number => FIRST_TENSOR + 1 + buffer;

/** A plan's calls as a program in the module's memory: a run is one call from JavaScript. */
export class Program implements PlanRunner {
  readonly #instance: Instance;
  readonly #arena: Arena;
  readonly #plan: Plan;
  readonly #temporaryBytes: number;
  readonly #scratchBytes: number;
  /** The program, and behind it the constants. */
  readonly #memory: WasmBuffer;
  readonly #programBytes: number;
  readonly #image: Int32Array;
  /** For each symbol, the words of the program that hold addresses in its memory, and where that was at the last run. */
  readonly #places: { readonly words: number[]; readonly offsets: number[]; address: number }[] = [];

  /** @param tableOf - makes the kernels' functions for a runtime that they call. */
  constructor(instance: Instance, arena: Arena, plan: Plan, tableOf: (runtime: Runtime) => KernelTable) {
    this.#instance = instance;
    this.#arena = arena;
    this.#plan = plan;
    this.#temporaryBytes = temporaryBytes(plan);
    const recorder = new Recorder(instance);
    recordPlan(recorder, tableOf(recorder), plan, (buffer) => symbolic(symbolOf(buffer)), symbolic(TEMPORARIES));
    this.#scratchBytes = recorder.scratchBytes;
    const { words, relocations } = recorder.writer;
    this.#programBytes = words.byteLength;
    arena.hold(this.#temporaryBytes);
    try {
      this.#memory = instance.allocate(words.byteLength + recorder.constants.length * 4);
    } catch (error) {
      arena.release(this.#temporaryBytes);
      throw error;
    }
    // Not spread into a call: a long program has more words than a call takes arguments.
    this.#image = new Int32Array(words.length + recorder.constants.length);
    this.#image.set(words);
    this.#image.set(recorder.constants, words.length);
    this.#load();
    for (const { symbol, at, offset } of relocations) {
      const place = (this.#places[symbol] ??= { words: [], offsets: [], address: UNKNOWN });
      place.words.push(at);
      place.offsets.push(offset);
    }
  }

  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    const instance = this.#instance;
    const { inputs: given, outputs: wanted } = this.#plan;
    this.#locate(SCRATCH, instance.scratch(this.#scratchBytes));
    this.#locate(CONSTANTS, this.#memory.address + this.#programBytes);
    this.#locate(TEMPORARIES, this.#arena.address);
    given.forEach(({ buffer }, i) => this.#locate(symbolOf(buffer), (inputs[i] as WasmBuffer).address));
    wanted.forEach(({ buffer }, i) => this.#locate(symbolOf(buffer), (outputs[i] as WasmBuffer).address));
    try {
      instance.run(this.#memory.address, this.#programBytes);
    } catch (error) {
      // It may have stopped amid a loop, where addresses have moved.
      this.#load();
      throw error;
    }
  }

  dispose(): void {
    this.#instance.free(this.#memory);
    this.#arena.release(this.#temporaryBytes);
  }

  /** Puts the program into memory as it was written. */
  #load(): void {
    this.#instance.integers.set(this.#image, this.#memory.address >>> 2);
    for (const place of this.#places) if (place) place.address = UNKNOWN;
  }

  /** Says where the memory of a symbol is. */
  #locate(symbol: number, address: number): void {
    const place = this.#places[symbol];
    if (place === undefined || place.address === address) return;
    place.address = address;
    const { integers } = this.#instance;
    const begin = this.#memory.address >>> 2;
    const { words, offsets } = place;
    for (let i = 0; i < words.length; i++) integers[begin + words[i]] = address + offsets[i];
  }
}

const UNKNOWN = -1;

/** Slots one after another. */
function layOut(slots: readonly number[]): { offsets: number[]; byteLength: number } {
  let byteLength = 0;
  const offsets = slots.map((bytes) => {
    const offset = byteLength;
    byteLength += aligned(bytes);
    return offset;
  });
  return { offsets, byteLength };
}

/** What a plan needs for its temporaries, and behind them for those of one loop at a time. */
function temporaryBytes({ slots, steps }: Plan): number {
  const loops = steps.map(({ body, attributes }) => (body ? loopBytes(body, attributes as Scan) + temporaryBytes(body) : 0));
  return layOut(slots).byteLength + Math.max(0, ...loops);
}

type Scan = PrimitiveAttributes['scan'];

/** Writes down the calls of a plan's steps. */
function recordPlan(recorder: Recorder, table: KernelTable, plan: Plan, placement: Placement, temporaries: number): void {
  const { offsets, byteLength } = layOut(plan.slots);
  const bind = ({ buffer, dtype, view }: PlanOperand): Operand => {
    const { slot, byteLength: bytes } = plan.buffers[buffer];
    const address = slot === undefined ? placement(buffer) : temporaries + offsets[slot];
    return { buffer: { byteLength: bytes, address } as WasmBuffer, dtype, view };
  };
  for (const { op, inputs, outputs, attributes, body } of plan.steps) {
    const [from, to] = [inputs.map(bind), outputs.map(bind)];
    const kernel = table[op] as Kernel<unknown>;
    if (body) {
      const copy = (x: Operand, y: Operand): void => (table['copy'] as Kernel<unknown>)([x], {}, [y]);
      const behind = temporaries + byteLength;
      recordLoop(recorder, body, attributes as Scan, from, to, behind, copy, (...inner) => recordPlan(recorder, table, ...inner));
    } else {
      kernel(from, attributes, to);
    }
    recorder.flush();
  }
}
