import { bytesPerElement, type DType, type FusedAttributes, type Kernel, opName, sizeOf } from '@tessera/core';
import { findChain } from './chains.ts';
import type { KernelName } from './generated/names.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** Elements that go through all instructions before the next ones: what stays in the nearest cache. */
const TILE = 2048;

/** What one kernel does: an instruction, or a chain of them. */
interface Prepared {
  readonly kernel: KernelName;
  readonly isChain: boolean;
  /** The values that it reads and makes. */
  readonly read: readonly number[];
  readonly made: readonly number[];
}

interface Program {
  readonly steps: readonly Prepared[];
  readonly registers: number;
  /** For each value, where it is: a register, or as −1 − k the output k; none for inputs. */
  readonly placeOf: readonly (number | undefined)[];
  readonly dtypes: readonly DType[];
}

/** How an input lies: as the output does (`undefined`), or as one row that repeats (its length), or as one element (0). */
type Repeated = number | undefined;

/** Runs element-wise ops tile by tile, each by its own kernel, chains that are known by one: fusion without generated code. */
export function fused(runtime: Runtime): { readonly fused: Kernel<FusedAttributes> } {
  const programs = new WeakMap<FusedAttributes, Program>();
  return {
    fused(inputs, attributes, outputs) {
      const size = sizeOf(outputs[0].view.shape);
      const repeated = inputs.map(({ view: { shape, strides } }): Repeated => {
        const count = strides.every((stride) => stride === 0) ? 1 : sizeOf(shape);
        return count === size && count !== 1 ? undefined : count === 1 ? 0 : count;
      });
      let program = programs.get(attributes);
      if (!program) {
        const dtypes = inputs.map(({ dtype }) => dtype);
        programs.set(attributes, (program = prepare(dtypes, repeated, attributes)));
      }
      const { steps, registers, placeOf, dtypes } = program;
      const scratch = runtime.scratch(registers * TILE * 4);
      const row = repeated.find((length) => length) ?? 0;
      const starts = inputs.map(addressOf);
      const widths = dtypes.map((dtype) => bytesPerElement(dtype));
      const ends = outputs.map(addressOf);
      // Units are rows where inputs repeat one, else elements.
      const width = row || 1;
      const units = size / width;
      const calls = steps.map(({ kernel, isChain, read, made }) => {
        const byRows = row > 0 && read.some((value) => repeated[value]);
        const parameters = isChain ? [0] : byRows ? [0, row] : [1, 0];
        const moves: [number, number][] = [];
        const own: number[] = [];
        /** Adds the address of a value as the next parameter. */
        const put = (value: number): void => {
          const place = placeOf[value];
          const inScratch = place !== undefined && place >= 0;
          if (inScratch) own.push(parameters.length);
          else if (repeated[value] === undefined) moves.push([parameters.length, widths[value] * width]);
          parameters.push(inScratch ? scratch + place * TILE * 4 : place === undefined ? starts[value] : ends[-1 - place]);
        };
        for (const value of read) {
          put(value);
          if (isChain) continue;
          if (repeated[value] === undefined) parameters.push(row, 1);
          else parameters.push(0, repeated[value] ? 1 : 0);
        }
        made.forEach(put);
        return { kernel, parameters, moves, count: [isChain || byRows ? 0 : 1, byRows ? 1 : width] as const, scratch: own };
      });
      const tile = Math.max(1, Math.floor(TILE / width));
      const work = { units, grain: tile, nanoseconds: size * attributes.instructions.length * 0.2 };
      runtime.share(calls, calls.length === 1 ? work : { ...work, tile });
    },
  };
}

/** Finds the kernels, and gives each result that is no output a register, which is free from its last use on. */
function prepare(given: readonly DType[], repeated: readonly Repeated[], { instructions, outputs }: FusedAttributes): Program {
  const dtypes = [...given, ...instructions.map(({ dtype }) => dtype)];
  const lastUse = new Map<number, number>();
  instructions.forEach(({ inputs }, i) => inputs.forEach((value) => lastUse.set(value, i)));
  for (const output of outputs) lastUse.set(given.length + output, Infinity);
  const kindOf = (value: number): string =>
    dtypes[value] !== 'float32' || repeated[value] ? '' : repeated[value] === undefined ? 'v' : 'n';

  const placeOf: (number | undefined)[] = given.map(() => undefined);
  const free: number[] = [];
  let registers = 0;
  const steps: Prepared[] = [];
  for (let at = 0; at < instructions.length; ) {
    const first = given.length + at;
    const isNeeded = (value: number, behind: number): boolean => (lastUse.get(value) ?? -1) >= at + behind;
    const chain = findChain(instructions.slice(at), first, kindOf, isNeeded);
    const { op, inputs } = instructions[at];
    const { kernel, read, kept: made, length } = chain ?? { kernel: kernelOf(op, inputs, dtypes), read: inputs, kept: [first], length: 1 };
    steps.push({ kernel, isChain: chain !== undefined, read, made });
    at += length;
    for (const value of made) {
      const output = outputs.indexOf(value - given.length);
      placeOf[value] = output >= 0 ? -1 - output : (free.pop() ?? registers++);
    }
    for (const value of new Set(read)) {
      const own = placeOf[value];
      if (own !== undefined && own >= 0 && lastUse.get(value)! < at) free.push(own);
    }
  }
  return { steps, registers, placeOf, dtypes };
}

/** The kernel of one instruction. */
function kernelOf(op: FusedAttributes['instructions'][number]['op'], inputs: readonly number[], dtypes: readonly DType[]): KernelName {
  const name = opName(op);
  const dtype = dtypes[inputs[0]];
  const suffix =
    name === 'select' ? String(bytesPerElement(dtypes[inputs[1]]) * 8) : dtype === 'float32' ? 'f32' : dtype === 'int32' ? 'i32' : 'u8';
  return `${name}_${suffix}` as KernelName;
}
