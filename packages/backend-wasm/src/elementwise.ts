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
import { forEachPlane } from './lines.ts';
import { addressOf, type KernelExports, type Runtime, suffixOf } from './runtime.ts';

type Lookup = (name: string) => (...inputs: number[]) => number;

/** An operand's strides stretched to the output's shape. */
const stridesTo = (x: Operand, output: Operand): readonly number[] => broadcastView(x.view, output.view.shape).strides;

function unary(find: Lookup, op: string): Kernel<None> {
  return ([x], _, [y]) => {
    const kernel = find(`${op}_${suffixOf(x)}`);
    const [from, to] = [addressOf(x), addressOf(y)];
    const [sizeX, sizeY] = [bytesPerElement(x.dtype), bytesPerElement(y.dtype)];
    forEachPlane(y.view.shape, [x.view.strides, y.view.strides], ([px, py], { rows, length, jumps, steps }) => {
      kernel(rows, length, from + px * sizeX, jumps[0], steps[0], to + py * sizeY);
    });
  };
}

function binary(find: Lookup, op: string): Kernel<None> {
  return ([a, b], _, [y]) => {
    const kernel = find(`${op}_${suffixOf(a)}`);
    const [fromA, fromB, to] = [addressOf(a), addressOf(b), addressOf(y)];
    const [size, sizeY] = [bytesPerElement(a.dtype), bytesPerElement(y.dtype)];
    const strides = [stridesTo(a, y), stridesTo(b, y), y.view.strides];
    forEachPlane(y.view.shape, strides, ([pa, pb, py], { rows, length, jumps: [ra, rb], steps: [sa, sb] }) => {
      kernel(rows, length, fromA + pa * size, ra, sa, fromB + pb * size, rb, sb, to + py * sizeY);
    });
  };
}

type Names = Unary | Binary | 'isNaN' | 'logicalNot' | 'select';

/** The composites whose kernels are element-wise. */
export type ElementwiseComposite = 'relu' | 'sigmoid' | 'gelu' | 'geluTanh';

export function elementwise({ kernels }: Runtime): Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>> {
  const find: Lookup = (name) => kernels[name as keyof KernelExports];
  const table: Record<string, Kernel<None>> = {};
  for (const op of [...floatUnary, ...numberUnary, 'isNaN', 'logicalNot', 'relu', 'sigmoid', 'gelu', 'geluTanh'])
    table[op] = unary(find, op);
  for (const op of [...numberBinary, ...comparisons, ...logicalBinary]) table[op] = binary(find, op);
  const select: Kernel<None> = ([condition, a, b], _, [y]) => {
    const size = bytesPerElement(a.dtype);
    const kernel = find(`select_${size * 8}`);
    const [c, fromA, fromB, to] = [condition, a, b, y].map(addressOf);
    const strides = [stridesTo(condition, y), stridesTo(a, y), stridesTo(b, y), y.view.strides];
    forEachPlane(y.view.shape, strides, ([pc, pa, pb, py], { rows, length, jumps: [rc, ra, rb], steps: [sc, sa, sb] }) => {
      kernel(rows, length, c + pc, rc, sc, fromA + pa * size, ra, sa, fromB + pb * size, rb, sb, to + py * size);
    });
  };
  return { ...table, select } as Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>>;
}
