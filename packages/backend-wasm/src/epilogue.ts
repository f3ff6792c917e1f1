import { type EpilogueAttributes, epilogueActivations, isContiguous, type Kernel, type None, type Operand } from '@tessera/core';
import type { elementwise } from './elementwise.ts';
import { addressOf } from './runtime.ts';

/** What kernels do to a product while it is at hand: the addresses of what is added, 0 for nothing, and which function is applied. */
export interface Epilogue {
  readonly bias: number;
  readonly residual: number;
  readonly activation: number;
}

/** The epilogue of a product by itself. */
export const bare: Epilogue = { bias: 0, residual: 0, activation: 0 };

/** Whether there is anything to be done. */
export const isBare = ({ bias, residual, activation }: Epilogue): boolean => bias === 0 && residual === 0 && activation === 0;

/** The epilogue that attributes tell of; `undefined` where what is added does not lie without gaps. */
export function epilogueOf(inputs: readonly Operand[], { bias, activation, residual }: EpilogueAttributes): Epilogue | undefined {
  if (!inputs.slice(2).every(({ view }) => isContiguous(view))) return undefined;
  return {
    bias: bias ? addressOf(inputs[2]) : 0,
    residual: residual ? addressOf(inputs.at(-1)!) : 0,
    activation: epilogueActivations.indexOf(activation),
  };
}

/** The same, one op after another, on a product that is there. */
export function finishApart(
  table: ReturnType<typeof elementwise>,
  inputs: readonly Operand[],
  { bias, activation, residual }: EpilogueAttributes,
  y: Operand,
): void {
  const run = (op: Kernel<None>, ...operands: readonly Operand[]): void => op(operands, {}, [y]);
  if (bias) run(table.add, y, inputs[2]);
  if (activation !== 'none') run(table[activation], y);
  if (residual) run(table.add, y, inputs.at(-1)!);
}
