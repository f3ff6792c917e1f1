import { bytesPerElement, type DType, type FusedAttributes, type Instruction, type Kernel, opName, sizeOf } from '@tessera/core';
import { addressOf, type KernelExports, type Runtime } from './runtime.ts';

/** Elements that go through all instructions before the next ones: what stays in the nearest cache. */
const TILE = 2048;

/** An instruction with its kernel, and where its result goes: a register, or the output (−1). */
interface Prepared {
  readonly kernel: (...parameters: number[]) => number;
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
  const programs = new WeakMap<FusedAttributes, Program>();
  return {
    fused(inputs, attributes, [y]) {
      let program = programs.get(attributes);
      if (!program) {
        const dtypes = inputs.map(({ dtype }) => dtype);
        programs.set(attributes, (program = prepare(runtime, dtypes, attributes.instructions)));
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
      const tile = row ? Math.max(1, Math.floor(TILE / row)) * row : TILE;
      const starts = inputs.map(addressOf);
      const widths = dtypes.map((dtype) => bytesPerElement(dtype));
      const output = addressOf(y);
      const parameters: number[] = [];
      for (let first = 0; first < size; first += tile) {
        const count = Math.min(tile, size - first);
        for (const { kernel, inputs: places, register } of instructions) {
          const rows = row && places.some((place) => repeated[place]) ? count / row : 1;
          const length = count / rows;
          parameters.length = 0;
          parameters.push(rows, length);
          for (const place of places) {
            const at = placeOf[place];
            if (at !== undefined) parameters.push(scratch + at * TILE * 4, length, 1);
            else if (repeated[place] === undefined) parameters.push(starts[place] + first * widths[place], length, 1);
            else parameters.push(starts[place], 0, repeated[place] ? 1 : 0);
          }
          parameters.push(register < 0 ? output + first * widths[widths.length - 1] : scratch + register * TILE * 4);
          kernel(...parameters);
        }
      }
    },
  };
}

/** Finds the kernels, and gives each result a register that is free from its last use on. */
function prepare({ kernels }: Runtime, given: readonly DType[], instructions: readonly Instruction[]): Program {
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
    return { kernel: kernels[`${name}_${suffix}` as keyof KernelExports], inputs, register };
  });
  return { instructions: prepared, registers, placeOf, dtypes };
}
