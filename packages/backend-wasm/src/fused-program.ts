import { bytesPerElement, type DType, type FusedAttributes, type Instruction, opName, type Operand, sizeOf } from '@tessera/core';
import { findChain } from './chains.ts';
import type { KernelName } from './generated/names.ts';

/** What one kernel does: an instruction, or a chain of them. */
interface Prepared {
  readonly kernel: KernelName;
  readonly isChain: boolean;
  /** The values that it reads and makes. */
  readonly read: readonly number[];
  readonly made: readonly number[];
}

/** How a fused op is done. */
interface Program {
  readonly steps: readonly Prepared[];
  readonly registers: number;
  /** For each value, where it is: a register, or as −1 − k the output k; none for inputs. */
  readonly placeOf: readonly (number | undefined)[];
  readonly dtypes: readonly DType[];
  /** How each input lies: as the output does (`undefined`), or as one row that repeats (its length), or as one element (0). */
  readonly repeated: readonly (number | undefined)[];
}

/** Finds the kernels, and gives each result that is no output a register, which is free from its last use on. */
export function programOf(
  given: readonly Pick<Operand, 'dtype' | 'view'>[],
  size: number,
  { instructions, outputs }: FusedAttributes,
): Program {
  const dtypes = [...given, ...instructions].map(({ dtype }) => dtype);
  const repeated = given.map(({ view: { shape, strides } }) => {
    const count = strides.every((stride) => stride === 0) ? 1 : sizeOf(shape);
    return count === size && count !== 1 ? undefined : count === 1 ? 0 : count;
  });
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
    const { op, inputs } = instructions[at]!;
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
  return { steps, registers, placeOf, dtypes, repeated };
}

/** The kernel of one instruction. */
function kernelOf(op: Instruction['op'], inputs: readonly number[], dtypes: readonly DType[]): KernelName {
  const name = opName(op);
  const dtype = dtypes[inputs[0]!];
  const suffix =
    name === 'select' ? String(bytesPerElement(dtypes[inputs[1]!]!) * 8) : dtype === 'float32' ? 'f32' : dtype === 'int32' ? 'i32' : 'u8';
  return `${name}_${suffix}` as KernelName;
}
