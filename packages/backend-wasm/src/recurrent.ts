import { type Kernel, type None, sizeOf } from '@tessera/core';
import { aligned } from './allocator.ts';
import { addressOf, clear, type Runtime, stepOf } from './runtime.ts';

type Names = 'lstm' | 'lstmGradient' | 'gru' | 'gruGradient';

/** Examples that a part of a batch has a multiple of: rows of a product that stay together. */
const EXAMPLES = 4;

/** Recurrent layers over whole sequences, and their gradients. */
export function recurrent(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const { kernels } = runtime;
  return {
    lstm([z, w, h0, c0], _: None, outputs) {
      const [N, T] = z.view.shape;
      if (sizeOf(z.view.shape) === 0) return;
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const units = w.view.shape[0];
      const [one, all] = [units * 4, T * units * 4];
      runtime.call('lstm', [N, T, units, ...[z, w, h0, c0, ...outputs].map(addressOf), scratch], {
        units: N,
        grain: EXAMPLES,
        count: [0, 1],
        moves: [
          [3, 4 * all],
          [5, one],
          [6, one],
          [7, all],
          [8, all],
          [9, 4 * all],
        ],
        scratch: [10],
        nanoseconds: (N * T * units * units) / 5,
      });
    },
    lstmGradient([w, c0, c, gates, dh, dc, dgates], _: None, outputs) {
      const [N, T] = gates.view.shape;
      if (sizeOf(gates.view.shape) === 0) return clear(runtime, ...outputs);
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const given = [dh, dc, dgates].flatMap((operand) => [addressOf(operand), stepOf(operand)]);
      const units = w.view.shape[0];
      const [one, all] = [units * 4, T * units * 4];
      const wide = [all, all, 4 * all].map((bytes, i): [number, number] => [7 + 2 * i, bytes * given[2 * i + 1]]);
      runtime.call('lstmGradient', [N, T, units, ...[w, c0, c, gates].map(addressOf), ...given, ...outputs.map(addressOf), scratch], {
        units: N,
        grain: EXAMPLES,
        count: [0, 1],
        moves: [[4, one], [5, all], [6, 4 * all], ...wide, [13, 4 * all], [14, one], [15, one]],
        scratch: [16],
        nanoseconds: (N * T * units * units) / 5,
      });
    },
    gru([z, w, bias, h0], _: None, outputs) {
      const [N, T] = z.view.shape;
      if (sizeOf(z.view.shape) === 0) return;
      const products = aligned(N * bias.view.shape[0] * 4);
      const scratch = runtime.scratch(products + kernels.gemmScratchBytes());
      kernels.gru(N, T, w.view.shape[0], ...[z, w, bias, h0, ...outputs].map(addressOf), scratch, scratch + products);
    },
    gruGradient([w, h0, h, gates, candidates, dh, dgates, dcandidates], _: None, outputs) {
      const [N, T] = gates.view.shape;
      if (sizeOf(gates.view.shape) === 0) return clear(runtime, ...outputs);
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const given = [dh, dgates, dcandidates].flatMap((operand) => [addressOf(operand), stepOf(operand)]);
      const fixed = [w, h0, h, gates, candidates].map(addressOf);
      kernels.gruGradient(N, T, w.view.shape[0], ...fixed, ...given, ...outputs.map(addressOf), scratch);
    },
  };
}
