import {
  type Binary,
  broadcastView,
  bytesPerElement,
  type Kernel,
  type Kernels,
  numberBinary,
  comparisons,
  floatUnary,
  logicalBinary,
  numberUnary,
  type None,
  type Operand,
  type Unary,
} from '@tessera/core';
import type { KernelName } from './generated/names.ts';
import { forEachPlane, type Plane } from './lines.ts';
import { addressAt, byBytes, bySuffix, type Runtime, suffixOf } from './runtime.ts';

/** From an operand's place among a kernel's parameters its address, jump and step: (m, n, x, rx, sx, …, y). */
const addressPlace = (operand: number): number => 2 + 3 * operand;

/** Runs an element-wise kernel over two axes, in parts where they are long. Of the operands and their places the output's are last. */
function overPlane(
  runtime: Runtime,
  kernel: KernelName,
  operands: readonly Operand[],
  places: readonly number[],
  { rows, length, jumps, steps }: Plane,
): void {
  const inputs = operands.length - 1;
  const parameters = [rows, length];
  for (let i = 0; i < inputs; i++) parameters.push(addressAt(operands[i], places[i]), jumps[i], steps[i]);
  parameters.push(addressAt(operands[inputs], places[inputs]));
  const nanoseconds = rows * length * NANOSECONDS;
  if (!runtime.worthSharing(nanoseconds)) {
    (runtime.kernels[kernel] as (...all: number[]) => number)(...parameters);
    return;
  }
  const alongRow = rows === 1;
  const moves: [number, number][] = [];
  for (let i = 0; i <= inputs; i++) {
    const step = i === inputs ? (alongRow ? 1 : length) : alongRow ? steps[i] : jumps[i];
    moves.push([addressPlace(i), step * bytesPerElement(operands[i].dtype)]);
  }
  const work = { units: alongRow ? length : rows, grain: alongRow ? 64 : 1, nanoseconds };
  runtime.share([{ kernel, parameters, count: [alongRow ? 1 : 0, 1], moves }], work);
}

/** What an element takes, roughly. */
const NANOSECONDS = 0.3;

/** A kernel of operands of one dtype. */
function kernelOf(runtime: Runtime, op: string): Kernel<None> {
  const names = bySuffix(op);
  return (inputs, _, [y]) => run(runtime, names[suffixOf(inputs[0])], inputs, y);
}

function run(runtime: Runtime, kernel: KernelName, inputs: readonly Operand[], y: Operand): void {
  const operands = [...inputs, y];
  const { shape } = y.view;
  const strides = operands.map(({ view }) => broadcastView(view, shape).strides);
  forEachPlane(shape, strides, (places, plane) => overPlane(runtime, kernel, operands, places, plane));
}

type Names = Unary | Binary | 'isNaN' | 'logicalNot' | 'select';

/** The composites whose kernels are element-wise. */
export type ElementwiseComposite = 'relu' | 'sigmoid' | 'gelu' | 'geluTanh';

export function elementwise(runtime: Runtime): Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>> {
  const table: Record<string, Kernel<None>> = {};
  const composites = ['relu', 'sigmoid', 'gelu', 'geluTanh'];
  const primitives = [...floatUnary, ...numberUnary, 'isNaN', 'logicalNot', ...numberBinary, ...comparisons, ...logicalBinary];
  for (const op of [...primitives, ...composites]) table[op] = kernelOf(runtime, op);
  const selects = byBytes('select');
  const select: Kernel<None> = (inputs, _, [y]) => run(runtime, selects[bytesPerElement(y.dtype)], inputs, y);
  return { ...table, select } as Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>>;
}
