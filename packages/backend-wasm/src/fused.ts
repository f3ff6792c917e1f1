import { bytesPerElement, type DType, type FusedAttributes, type Instruction, type Kernel, opName, sizeOf } from '@tessera/core';
import type { KernelName } from './generated/names.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** Elements that go through all instructions before the next ones: what stays in the nearest cache. */
const TILE = 2048;

/** An instruction with its kernel, and where its result goes: a register, or the output (−1). */
interface Prepared {
  readonly kernel: KernelName;
  readonly inputs: readonly number[];
  readonly register: number;
}

interface Program {
  readonly instructions: readonly Prepared[];
  readonly registers: number;
  /** For each value, its register; none for inputs. */
  readonly placeOf: readonly (number | undefined)[];
  readonly dtypes: readonly DType[];
}

/** Runs element-wise ops tile by tile, each by its own kernel: fusion without generated code. */
export function fused(runtime: Runtime): { readonly fused: Kernel<FusedAttributes> } {
  const { kernels } = runtime;
  const programs = new WeakMap<FusedAttributes, Program>();
  return {
    fused(inputs, attributes, [y]) {
      let program = programs.get(attributes);
      if (!program) {
        const dtypes = inputs.map(({ dtype }) => dtype);
        programs.set(attributes, (program = prepare(dtypes, attributes.instructions)));
      }
      const { instructions, registers, placeOf, dtypes } = program;
      const size = sizeOf(y.view.shape);
      const scratch = runtime.scratch(registers * TILE * 4);
      // Each input lies like the output, or is one row that repeats (its length), or one element (0).
      const repeated = inputs.map(({ view: { shape, strides } }) => {
        const count = strides.every((stride) => stride === 0) ? 1 : sizeOf(shape);
        return count === size && count !== 1 ? undefined : count === 1 ? 0 : count;
      });
      const row = repeated.find((length) => length) ?? 0;
      const starts = inputs.map(addressOf);
      const widths = dtypes.map((dtype) => bytesPerElement(dtype));
      const output = addressOf(y);
      // Units are rows where inputs repeat one, else elements.
      const width = row || 1;
      const units = size / width;
      const calls = instructions.map(({ kernel, inputs: places, register }) => {
        const byRows = row > 0 && places.some((place) => repeated[place]);
        const parameters = byRows ? [0, row] : [1, 0];
        const moves: [number, number][] = [];
        const registers: number[] = [];
        for (const place of places) {
          const own = placeOf[place];
          const at = parameters.length;
          if (own !== undefined) {
            parameters.push(scratch + own * TILE * 4, row, 1);
            registers.push(at);
          } else if (repeated[place] === undefined) {
            parameters.push(starts[place], row, 1);
            moves.push([at, widths[place] * width]);
          } else {
            parameters.push(starts[place], 0, repeated[place] ? 1 : 0);
          }
        }
        if (register < 0) moves.push([parameters.length, widths.at(-1)! * width]);
        else registers.push(parameters.length);
        parameters.push(register < 0 ? output : scratch + register * TILE * 4);
        return { kernel, parameters, moves, count: [byRows ? 0 : 1, byRows ? 1 : width] as const, scratch: registers };
      });
      const tile = Math.max(1, Math.floor(TILE / width));
      if (runtime.worthSharing(size * instructions.length * 0.2)) return runtime.share(calls, { units, grain: tile, tile });
      for (let first = 0; first < units; first += tile) {
        const count = Math.min(tile, units - first);
        for (const { kernel, parameters, moves, count: counted } of calls) {
          parameters[counted[0]] = count * counted[1];
          (kernels[kernel] as (...all: number[]) => number)(...parameters);
          for (const [place, step] of moves) parameters[place] += tile * step;
        }
      }
    },
  };
}

/** Finds the kernels, and gives each result a register that is free from its last use on. */
function prepare(given: readonly DType[], instructions: readonly Instruction[]): Program {
  const dtypes = [...given, ...instructions.map(({ dtype }) => dtype)];
  const lastUse = new Map<number, number>();
  instructions.forEach(({ inputs }, i) => inputs.forEach((place) => lastUse.set(place, i)));
  const placeOf: (number | undefined)[] = given.map(() => undefined);
  const free: number[] = [];
  let registers = 0;
  const prepared = instructions.map(({ op, inputs }, i): Prepared => {
    const last = i === instructions.length - 1;
    const register = last ? -1 : (free.pop() ?? registers++);
    placeOf.push(last ? undefined : register);
    for (const place of new Set(inputs)) {
      const own = placeOf[place];
      if (own !== undefined && lastUse.get(place) === i) free.push(own);
    }
    const name = opName(op);
    const dtype = dtypes[inputs[0]];
    const suffix =
      name === 'select' ? String(bytesPerElement(dtypes[inputs[1]]) * 8) : dtype === 'float32' ? 'f32' : dtype === 'int32' ? 'i32' : 'u8';
    return { kernel: `${name}_${suffix}` as KernelName, inputs, register };
  });
  return { instructions: prepared, registers, placeOf, dtypes };
}
