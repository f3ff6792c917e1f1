import { bytesPerElement, type DType, type FusedAttributes, type Kernel, opName, sizeOf } from '@tessera/core';
import type { KernelName } from './generated/names.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** Elements that go through all instructions before the next ones: what stays in the nearest cache. */
const TILE = 2048;

/** An instruction with its kernel, and where its result goes: a register, or as −1 − k the output k. */
interface Prepared {
  readonly kernel: KernelName;
  readonly inputs: readonly number[];
  readonly place: number;
}

interface Program {
  readonly instructions: readonly Prepared[];
  readonly registers: number;
  /** For each value, where it is: see {@link Prepared}; none for inputs. */
  readonly placeOf: readonly (number | undefined)[];
  readonly dtypes: readonly DType[];
}

/** Runs element-wise ops tile by tile, each by its own kernel: fusion without generated code. */
export function fused(runtime: Runtime): { readonly fused: Kernel<FusedAttributes> } {
  const programs = new WeakMap<FusedAttributes, Program>();
  return {
    fused(inputs, attributes, outputs) {
      let program = programs.get(attributes);
      if (!program) {
        const dtypes = inputs.map(({ dtype }) => dtype);
        programs.set(attributes, (program = prepare(dtypes, attributes)));
      }
      const { instructions, registers, placeOf, dtypes } = program;
      const size = sizeOf(outputs[0].view.shape);
      const scratch = runtime.scratch(registers * TILE * 4);
      // Each input lies like the output, or is one row that repeats (its length), or one element (0).
      const repeated = inputs.map(({ view: { shape, strides } }) => {
        const count = strides.every((stride) => stride === 0) ? 1 : sizeOf(shape);
        return count === size && count !== 1 ? undefined : count === 1 ? 0 : count;
      });
      const row = repeated.find((length) => length) ?? 0;
      const starts = inputs.map(addressOf);
      const widths = dtypes.map((dtype) => bytesPerElement(dtype));
      const ends = outputs.map(addressOf);
      // Units are rows where inputs repeat one, else elements.
      const width = row || 1;
      const units = size / width;
      const calls = instructions.map(({ kernel, inputs: places, place: result }, i) => {
        const byRows = row > 0 && places.some((place) => repeated[place]);
        const parameters = byRows ? [0, row] : [1, 0];
        const moves: [number, number][] = [];
        const own: number[] = [];
        /** Adds the address of a register or an output as the next parameter. */
        const put = (place: number, value: number): void => {
          if (place < 0) moves.push([parameters.length, widths[value] * width]);
          else own.push(parameters.length);
          parameters.push(place < 0 ? ends[-1 - place] : scratch + place * TILE * 4);
        };
        for (const value of places) {
          const place = placeOf[value];
          if (place !== undefined) {
            put(place, value);
            parameters.push(row, 1);
          } else if (repeated[value] === undefined) {
            moves.push([parameters.length, widths[value] * width]);
            parameters.push(starts[value], row, 1);
          } else {
            parameters.push(starts[value], 0, repeated[value] ? 1 : 0);
          }
        }
        put(result, inputs.length + i);
        return { kernel, parameters, moves, count: [byRows ? 0 : 1, byRows ? 1 : width] as const, scratch: own };
      });
      const tile = Math.max(1, Math.floor(TILE / width));
      runtime.share(calls, { units, grain: tile, tile, nanoseconds: size * instructions.length * 0.2 });
    },
  };
}

/** Finds the kernels, and gives each result that is no output a register, which is free from its last use on. */
function prepare(given: readonly DType[], { instructions, outputs }: FusedAttributes): Program {
  const dtypes = [...given, ...instructions.map(({ dtype }) => dtype)];
  const lastUse = new Map<number, number>();
  instructions.forEach(({ inputs }, i) => inputs.forEach((value) => lastUse.set(value, i)));
  const placeOf: (number | undefined)[] = given.map(() => undefined);
  const free: number[] = [];
  let registers = 0;
  const prepared = instructions.map(({ op, inputs }, i): Prepared => {
    const output = outputs.indexOf(i);
    const place = output >= 0 ? -1 - output : (free.pop() ?? registers++);
    placeOf.push(place);
    for (const value of new Set(inputs)) {
      const own = placeOf[value];
      if (own !== undefined && own >= 0 && lastUse.get(value) === i) free.push(own);
    }
    const name = opName(op);
    const dtype = dtypes[inputs[0]];
    const suffix =
      name === 'select' ? String(bytesPerElement(dtypes[inputs[1]]) * 8) : dtype === 'float32' ? 'f32' : dtype === 'int32' ? 'i32' : 'u8';
    return { kernel: `${name}_${suffix}` as KernelName, inputs, place };
  });
  return { instructions: prepared, registers, placeOf, dtypes };
}
