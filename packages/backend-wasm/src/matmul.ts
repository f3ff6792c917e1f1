import { broadcastView, type EpilogueAttributes, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { elementwise } from './elementwise.ts';
import { bare, type Epilogue, epilogueOf, finishApart, isBare } from './epilogue.ts';
import { forEachLine } from './lines.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** A product as `gemm` takes it, divided by its columns, so that no part of B is packed twice; by its rows where there are few. */
export function product(runtime: Runtime, parameters: readonly number[], epilogue: Epilogue = bare): void {
  const [M, N, K, , rowA, , , , columnB, , ldc] = parameters;
  const byColumns = N >= 32 * runtime.threads;
  const [stepC, stepBias] = byColumns ? [4, 4] : [ldc, 0];
  const moves: [number, number][] = [byColumns ? [6, columnB] : [3, rowA], [9, stepC]];
  if (epilogue.bias) moves.push([14, stepBias]);
  if (epilogue.residual) moves.push([15, stepC]);
  const { bias, residual, activation } = epilogue;
  const split = {
    units: byColumns ? N : M,
    grain: 16,
    count: [byColumns ? 1 : 0, 1],
    moves,
    scratch: [13],
    nanoseconds: (M * N * K) / 20,
  } as const;
  if (isBare(epilogue)) runtime.call('gemm', parameters, split);
  else runtime.call('gemmEpilogue', [...parameters, bias, residual, activation], split);
}

type Composites = { readonly matmulEpilogue: Kernel<EpilogueAttributes> };

export function matmul(runtime: Runtime): Pick<Kernels, 'matmul'> & Composites {
  const { kernels } = runtime;
  const table = elementwise(runtime);
  const multiply = (a: Operand, b: Operand, y: Operand, epilogue: Epilogue): void => {
    const batch = y.view.shape.slice(0, -2);
    const [M, N] = y.view.shape.slice(-2);
    const K = a.view.shape.at(-1)!;
    const lead = ({ view: { shape, strides } }: Operand): readonly number[] =>
      broadcastView({ shape: shape.slice(0, -2), strides: strides.slice(0, -2), offset: 0 }, batch).strides;
    const [rowA, columnA] = a.view.strides.slice(-2).map((stride) => stride * 4);
    const [rowB, columnB] = b.view.strides.slice(-2).map((stride) => stride * 4);
    const scratch = runtime.scratch(kernels.gemmScratchBytes());
    const [fromA, fromB, to] = [a, b, y].map(addressOf);
    forEachLine(
      [...batch, 1],
      [
        [...lead(a), 0],
        [...lead(b), 0],
        [...y.view.strides.slice(0, -2), 0],
      ],
      ([pa, pb, py], n, [sa, sb, sy]) => {
        for (let i = 0; i < n; i++) {
          const at = (py + i * sy) * 4;
          const [A, B, C] = [fromA + (pa + i * sa) * 4, fromB + (pb + i * sb) * 4, to + at];
          const residual = epilogue.residual && epilogue.residual + at;
          if (a.dtype === 'int32') kernels.matmul_i32(M, N, K, A, rowA, columnA, B, rowB, columnB, C);
          else product(runtime, [M, N, K, A, rowA, columnA, B, rowB, columnB, C, N * 4, 0, 0, scratch], { ...epilogue, residual });
        }
      },
    );
  };
  /** Whether there is nothing to multiply: then y, if it is anything, is zeros. */
  const isEmpty = (a: Operand, y: Operand): boolean => {
    const size = sizeOf(y.view.shape);
    if (size > 0 && a.view.shape.at(-1)! > 0) return false;
    kernels.fill_32(size, 0, 0, addressOf(y));
    return true;
  };
  return {
    matmul([a, b], _, [y]) {
      if (!isEmpty(a, y)) multiply(a, b, y, bare);
    },
    matmulEpilogue(inputs, attributes, [y]) {
      const [a, b] = inputs;
      const empty = isEmpty(a, y);
      const epilogue = empty ? undefined : epilogueOf(inputs, attributes);
      if (epilogue) return multiply(a, b, y, epilogue);
      if (!empty) multiply(a, b, y, bare);
      finishApart(table, inputs, attributes, y);
    },
  };
}
