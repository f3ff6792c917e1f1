import {
  type GroupNormalizationAttributes,
  type Kernel,
  type LayerNormalizationAttributes,
  type NormalizationAttributes,
  type Operand,
  sizeOf,
} from '@tessera/core';
import { partsOf } from './parts.ts';
import { addressOf, clear, type Runtime } from './runtime.ts';

type Names =
  | 'layerNormalization'
  | 'layerNormalizationGradient'
  | 'batchNormalization'
  | 'batchNormalizationGradient'
  | 'groupNormalization'
  | 'groupNormalizationGradient';

/** Rows and the length of the last axis. */
function matrixOf({ view: { shape } }: Operand): [rows: number, n: number] {
  return [sizeOf(shape.slice(0, -1)), shape.at(-1)!];
}

export function normalization(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const { kernels } = runtime;
  /** Calls a kernel whose first parameters are the part that it begins with and the number of parts. */
  const inParts = (
    kernel: Parameters<Runtime['call']>[0],
    parameters: readonly number[],
    nanoseconds: number,
    scratch: number[] = [],
  ): void => runtime.call(kernel, parameters, { units: parameters[1], count: [1, 1], moves: [[0, 1]], scratch, nanoseconds });

  return {
    layerNormalization([x, gamma, beta], { epsilon, centered }: LayerNormalizationAttributes, [y]) {
      const [rows, n] = matrixOf(x);
      if (rows * n === 0) return;
      runtime.call('layerNormalization', [rows, n, ...[x, gamma, beta, y].map(addressOf), epsilon, Number(centered)], {
        units: rows,
        count: [0, 1],
        moves: [
          [2, n * 4],
          [5, n * 4],
        ],
        nanoseconds: rows * n * 0.5,
      });
    },
    layerNormalizationGradient([x, gamma, dy], { epsilon, centered }: LayerNormalizationAttributes, [dx, dgamma, dbeta]) {
      const [rows, n] = matrixOf(x);
      if (rows * n === 0) return clear(runtime, dgamma, dbeta);
      const { parts, per } = partsOf(rows, n);
      const sums = runtime.scratch(parts * n * 8);
      const parameters = [0, parts, per, rows, n, ...[x, gamma, dy, dx].map(addressOf), sums, epsilon, Number(centered)];
      inParts('layerNormalizationGradient', parameters, rows * n);
      kernels.addParts(parts, n, sums, 2 * n, addressOf(dgamma));
      kernels.addParts(parts, n, sums + n * 4, 2 * n, addressOf(dbeta));
    },

    batchNormalization([x, gamma, beta], { epsilon }: NormalizationAttributes, [y, mean, variance]) {
      const [rows, n] = matrixOf(x);
      if (n === 0) return;
      const { parts, per } = partsOf(Math.max(rows, 1), n);
      const sums = runtime.scratch(parts * n * 8 + n * 4);
      const scales = sums + parts * n * 8;
      const [from, middle, spread] = [x, mean, variance].map(addressOf);
      const sumUp = (kernel: 'sum_f32' | 'columnDeviations', to: number, parameters: readonly number[]): void => {
        kernels.fill_64(parts * n, 0, 0, sums);
        if (rows > 0) inParts(kernel, [0, parts, ...parameters], rows * n * 0.2);
        kernels.columnMeans(parts, n, sums, rows, to);
      };
      // A fold of one row goes along that.
      sumUp('sum_f32', middle, [rows === 1 ? n : per, rows, n, n, from, 1, sums, 1, n]);
      sumUp('columnDeviations', spread, [per, rows, n, from, middle, sums]);
      kernels.columnScales(n, addressOf(gamma), spread, epsilon, scales);
      runtime.call('affineRows', [rows, n, from, middle, scales, addressOf(beta), addressOf(y)], {
        units: rows,
        count: [0, 1],
        moves: [
          [2, n * 4],
          [6, n * 4],
        ],
        nanoseconds: rows * n * 0.3,
      });
    },
    batchNormalizationGradient([x, gamma, mean, variance, dy], { epsilon }: NormalizationAttributes, [dx, dgamma, dbeta]) {
      const [rows, n] = matrixOf(x);
      if (n === 0) return;
      const { parts, per } = partsOf(Math.max(rows, 1), n);
      const sums = runtime.scratch(parts * n * 16 + n * 12);
      const coefficients = sums + parts * n * 16;
      const [from, middle, given] = [x, mean, dy].map(addressOf);
      kernels.fill_64(parts * 2 * n, 0, 0, sums);
      if (rows > 0) inParts('batchGradientSums', [0, parts, per, rows, n, from, middle, given, sums], rows * n * 0.4);
      const results = [...[gamma, variance].map(addressOf), epsilon, ...[dgamma, dbeta].map(addressOf), coefficients];
      kernels.batchGradientRows(parts, n, sums, rows, ...results);
      const rowsOf = [0, 1, 2].map((i) => coefficients + i * n * 4);
      runtime.call('affineRowGradients', [rows, n, from, middle, given, ...rowsOf, addressOf(dx)], {
        units: rows,
        count: [0, 1],
        moves: [
          [2, n * 4],
          [4, n * 4],
          [8, n * 4],
        ],
        nanoseconds: rows * n * 0.4,
      });
    },

    groupNormalization([x, gamma, beta], { epsilon, groups }: GroupNormalizationAttributes, [y]) {
      const size = sizeOf(x.view.shape);
      if (size === 0) return;
      const [examples, n] = [x.view.shape[0], x.view.shape.at(-1)!];
      const rows = size / examples / n;
      const scratch = runtime.scratch(16 * n);
      runtime.call('groupNormalization', [examples, rows, n, groups, ...[x, gamma, beta, y].map(addressOf), epsilon, scratch], {
        units: examples,
        count: [0, 1],
        moves: [
          [4, rows * n * 4],
          [7, rows * n * 4],
        ],
        scratch: [9],
        nanoseconds: size * 0.7,
      });
    },
    groupNormalizationGradient([x, gamma, dy], { epsilon, groups }: GroupNormalizationAttributes, [dx, dgamma, dbeta]) {
      const size = sizeOf(x.view.shape);
      if (size === 0) return clear(runtime, dgamma, dbeta);
      const [examples, n] = [x.view.shape[0], x.view.shape.at(-1)!];
      const rows = size / examples / n;
      const { parts, per } = partsOf(examples, rows * n);
      // Sums of all parts first, then what each thread has for itself.
      const sums = runtime.scratch(parts * n * 16 + 36 * n);
      const own = sums + parts * n * 16;
      const parameters = [0, parts, per, examples, rows, n, groups, ...[x, gamma, dy, dx].map(addressOf), sums, epsilon, own];
      inParts('groupNormalizationGradient', parameters, size * 1.5, [13]);
      kernels.roundSums(parts, n, sums, 2 * n, 0, addressOf(dgamma));
      kernels.roundSums(parts, n, sums + n * 8, 2 * n, 0, addressOf(dbeta));
    },
  };
}
