import { broadcastView, type EpilogueAttributes, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { elementwise } from './elementwise.ts';
import { bare, type Epilogue, epilogueOf, finishApart, isBare } from './epilogue.ts';
import { forEachLine } from './lines.ts';
import { addressOf, type Runtime } from './runtime.ts';

/**
 * A product as `gemm` takes it, divided by its columns, so that no part of B is packed twice; by its rows where those are many more, or
 * where A is a transpose, which may have to be packed for each part as well.
 */
export function product(runtime: Runtime, parameters: readonly number[], epilogue: Epilogue = bare): void {
  const [M, N, K, , rowA, columnA, , , columnB, , ldc] = parameters;
  const byColumns = N >= 32 * runtime.threads && M <= (columnA === 4 ? 8 : 1) * N;
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

/** What tells where the operands of a product are: address, and strides from row to row and along a row in bytes. */
type Matrix = readonly [address: number, row: number, column: number];

/** A·B for matrices of any strides, in the form that suits their sizes. C lies without gaps. */
function multiply(
  runtime: Runtime,
  [M, N, K]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
  C: number,
  epilogue: Epilogue,
): void {
  const [A, rowA, columnA] = a;
  const [B, rowB, columnB] = b;
  if (N === 1 && columnA === 4) return byDots(runtime, M, K, A, rowA, B, rowB, C, epilogue, true);
  if (M === 1 && rowB === 4) return byDots(runtime, N, K, B, columnB, A, columnA, C, epilogue, false);
  const scratch = runtime.scratch(runtime.kernels.gemmScratchBytes());
  // A column of a transpose is a row's product.
  const turned = N === 1 && rowA === 4 && isBare(epilogue);
  const parameters = turned ? [1, M, K, B, 0, rowB, A, columnA, rowA, C, M * 4] : [M, N, K, ...a, ...b, C, N * 4];
  product(runtime, [...parameters, 0, 0, scratch], epilogue);
}

/** y = A·x, a scalar product for each of m rows that lie along memory. `one` says that they have one bias together. */
function byDots(
  runtime: Runtime,
  m: number,
  k: number,
  a: number,
  lda: number,
  x: number,
  next: number,
  y: number,
  { bias, residual, activation }: Epilogue,
  one: boolean,
): void {
  const scratch = runtime.scratch(k * 4);
  const moves: [number, number][] = [
    [2, lda],
    [6, 4],
  ];
  if (bias && !one) moves.push([8, 4]);
  if (residual) moves.push([9, 4]);
  runtime.call('gemv', [m, k, a, lda, x, next, y, scratch, bias, residual, activation, Number(one)], {
    units: m,
    grain: 16,
    count: [0, 1],
    moves,
    scratch: [7],
    nanoseconds: (m * k) / 10,
  });
}

type Composites = { readonly matmulEpilogue: Kernel<EpilogueAttributes> };

export function matmul(runtime: Runtime): Pick<Kernels, 'matmul'> & Composites {
  const { kernels } = runtime;
  const table = elementwise(runtime);
  const multiplyAll = (a: Operand, b: Operand, y: Operand, epilogue: Epilogue): void => {
    const batch = y.view.shape.slice(0, -2);
    const [M, N] = y.view.shape.slice(-2);
    const K = a.view.shape.at(-1)!;
    const lead = ({ view: { shape, strides } }: Operand): readonly number[] =>
      broadcastView({ shape: shape.slice(0, -2), strides: strides.slice(0, -2), offset: 0 }, batch).strides;
    const [rowA, columnA] = a.view.strides.slice(-2).map((stride) => stride * 4);
    const [rowB, columnB] = b.view.strides.slice(-2).map((stride) => stride * 4);
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
          else multiply(runtime, [M, N, K], [A, rowA, columnA], [B, rowB, columnB], C, { ...epilogue, residual });
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
      if (!isEmpty(a, y)) multiplyAll(a, b, y, bare);
    },
    matmulEpilogue(inputs, attributes, [y]) {
      const [a, b] = inputs;
      const empty = isEmpty(a, y);
      const epilogue = empty ? undefined : epilogueOf(inputs, attributes);
      if (epilogue) return multiplyAll(a, b, y, epilogue);
      if (!empty) multiplyAll(a, b, y, bare);
      finishApart(table, inputs, attributes, y);
    },
  };
}
