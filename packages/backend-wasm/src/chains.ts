import { type Instruction, opName } from '@tessera/core';
import { chains, type KernelName } from './generated/names.ts';

/** Instructions of a fused op that one kernel does: it takes (n, what is read, what is kept), all of them values of the op. */
export interface FoundChain {
  readonly kernel: KernelName;
  readonly length: number;
  readonly read: readonly number[];
  readonly kept: readonly number[];
}

/**
 * The longest chain that begins with the first of the instructions, whose result is the value `first`. `kindOf` tells of what was there
 * before whether it is a vector (v) or a number (n) of float32; `isNeeded` whether a value is asked for behind an instruction.
 */
export function findChain(
  instructions: readonly Instruction[],
  first: number,
  kindOf: (value: number) => string,
  isNeeded: (value: number, behind: number) => boolean,
): FoundChain | undefined {
  for (const { kernel, steps, length, outputs } of chains) {
    const read: number[] = [];
    const nameOf = (value: number): string => {
      if (value >= first) return String(value - first);
      if (!read.includes(value)) read.push(value);
      return kindOf(value) + read.indexOf(value);
    };
    const described = instructions.slice(0, length).map(({ op, inputs }) => [opName(op), ...inputs.map(nameOf)].join(' '));
    if (described.join() !== steps) continue;
    if (described.some((_, i) => !outputs.includes(i) && isNeeded(first + i, length))) continue;
    return { kernel, length, read, kept: outputs.map((i) => first + i) };
  }
  return undefined;
}
