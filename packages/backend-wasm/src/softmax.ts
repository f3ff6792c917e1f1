import { type Kernel, type None, type Operand, sizeOf, type SoftmaxAttributes } from '@tessera/core';
import { lanesOf, overLanes } from './lanes.ts';
import { addressOf, type Runtime, stepOf } from './runtime.ts';

type OverAxis = 'softmax' | 'logSoftmax' | 'softmaxGradient' | 'logSoftmaxGradient';
type OverRows = 'softmaxCrossEntropy' | 'softmaxCrossEntropyGradient';

export function softmaxes(runtime: Runtime): Readonly<Record<OverAxis | OverRows, Kernel<never>>> {
  const overAxis =
    (kernel: OverAxis): Kernel<SoftmaxAttributes> =>
    (inputs, { axis }, [y]) => {
      const { shape } = y.view;
      if (sizeOf(shape) === 0) return;
      const lanes = lanesOf(shape, axis);
      const addresses = [...inputs, y].map(addressOf);
      overLanes(runtime, kernel, lanes, {
        parameters: [lanes.length, lanes.inner, ...addresses],
        operands: addresses.map((_, i) => ({ place: 4 + i, length: lanes.length, size: 4 })),
        nanoseconds: sizeOf(shape),
      });
    };
  return {
    softmax: overAxis('softmax'),
    logSoftmax: overAxis('logSoftmax'),
    softmaxGradient: overAxis('softmaxGradient'),
    logSoftmaxGradient: overAxis('logSoftmaxGradient'),
    softmaxCrossEntropy([z, t]: readonly Operand[], _: None, [losses]: readonly Operand[]) {
      const rows = sizeOf(losses.view.shape);
      const n = z.view.shape.at(-1)!;
      runtime.call('softmaxCrossEntropy', [rows, n, ...[z, t, losses].map(addressOf)], {
        units: rows,
        count: [0, 1],
        moves: [
          [2, n * 4],
          [3, n * 4],
          [4, 4],
        ],
        nanoseconds: rows * n,
      });
    },
    softmaxCrossEntropyGradient([z, t, dy]: readonly Operand[], _: None, [dz]: readonly Operand[]) {
      const n = z.view.shape.at(-1)!;
      if (sizeOf(z.view.shape) === 0) return;
      const rows = sizeOf(z.view.shape) / n;
      const step = stepOf(dy) * 4;
      runtime.call('softmaxCrossEntropyGradient', [rows, n, ...[z, t, dy].map(addressOf), step, addressOf(dz)], {
        units: rows,
        count: [0, 1],
        moves: [
          [2, n * 4],
          [3, n * 4],
          [4, step],
          [6, n * 4],
        ],
        nanoseconds: rows * n,
      });
    },
  };
}
