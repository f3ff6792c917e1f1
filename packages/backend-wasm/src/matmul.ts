import { broadcastView, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { forEachLine } from './lines.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** A product as `gemm` takes it, divided by its columns, so that no part of B is packed twice; by its rows where there are few. */
export function product(runtime: Runtime, parameters: readonly number[]): void {
  const [M, N, K, , rowA, , , , columnB, , ldc] = parameters;
  const byColumns = N >= 32 * runtime.threads;
  runtime.call('gemm', parameters, {
    units: byColumns ? N : M,
    grain: 16,
    count: [byColumns ? 1 : 0, 1],
    moves: byColumns
      ? [
          [6, columnB],
          [9, 4],
        ]
      : [
          [3, rowA],
          [9, ldc],
        ],
    scratch: [13],
    nanoseconds: (M * N * K) / 20,
  });
}

export function matmul(runtime: Runtime): Pick<Kernels, 'matmul'> {
  const { kernels } = runtime;
  return {
    matmul([a, b], _, [y]) {
      const batch = y.view.shape.slice(0, -2);
      const [M, N] = y.view.shape.slice(-2);
      const K = a.view.shape.at(-1)!;
      if (sizeOf(y.view.shape) === 0) return;
      if (K === 0) {
        kernels.fill_32(sizeOf(y.view.shape), 0, 0, addressOf(y));
        return;
      }
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
            const [A, B, C] = [fromA + (pa + i * sa) * 4, fromB + (pb + i * sb) * 4, to + (py + i * sy) * 4];
            if (a.dtype === 'int32') kernels.matmul_i32(M, N, K, A, rowA, columnA, B, rowB, columnB, C);
            else product(runtime, [M, N, K, A, rowA, columnA, B, rowB, columnB, C, N * 4, 0, 0, scratch]);
          }
        },
      );
    },
  };
}
