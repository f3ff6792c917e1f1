import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { bools, floats, ints, special } from './samples.ts';

const { exact, reduction: summed } = tolerances;

const reductions = (['sum', 'prod', 'max', 'min'] as const).map(
  (name): OpDescription => ({
    name,
    samples: [
      ...[[3, 4, 5], [17], [1, 1], [2, 33]].flatMap((shape) =>
        [undefined, 0, -1].map(
          (axis): OpSample => ({
            inputs: [floats(shape)],
            run: (x) => t[name](x!, axis === undefined ? {} : { axis }),
            tolerance: summed,
            order: shape.length === 1 ? 2 : 1,
          }),
        ),
      ),
      { inputs: [floats([3, 4, 5])], run: (x) => t[name](x!, { axis: [0, 2], keepDims: true }), tolerance: summed },
      { inputs: [floats([4, 3, 5])], run: (x) => t[name](x!.transpose([2, 0, 1]).at('::2'), 1), tolerance: summed },
      // Long enough to go in parts: whole, by rows, by many columns and by few.
      {
        inputs: [floats([70_003], 0.9998, 1.0002), floats([300, 130], 0.99, 1.01), floats([9000, 5], 0.999, 1.001)],
        run: (...all) => all.flatMap((x) => [t[name](x), t[name](x, 0), t[name](x, -1)]),
        order: 0,
        tolerance: summed,
      },
      {
        inputs: [floats([2, 40, 900, 2], 0.9998, 1.0002)],
        run: (x) => [t[name](x!, [0, 2]), t[name](x!, [1, 3])],
        order: 0,
        tolerance: summed,
      },
      // Nothing, or everything, is folded inside of what a kernel takes at once.
      {
        inputs: [floats([3, 2, 5])],
        run: (x) => [t[name](x!, 0), t[name](x!.transpose([0, 2, 1]), 0), t[name](x!.transpose([2, 0, 1]), [0, 1])],
        tolerance: summed,
      },
      { inputs: [special], run: (x) => t[name](x!), order: 0 },
      {
        inputs: [{ shape: [33], dtype: 'float32', data: Array.from({ length: 33 }, (_, i) => (i === 7 ? NaN : i)) }],
        run: (x) => [t[name](x!), t[name](x!.at('8:'))],
        order: 0,
      },
      { inputs: [ints([3, 4])], run: (x) => t[name](x!, 0), tolerance: exact },
      { inputs: [floats([0, 3])], run: (x) => t[name](x!, name === 'sum' || name === 'prod' ? 0 : 1), tolerance: exact },
    ],
    errors:
      name === 'max' || name === 'min'
        ? [{ inputs: [floats([0])], run: (x) => t[name](x!), message: /no value over zero elements/ }]
        : [{ inputs: [floats([2])], run: (x) => t[name](x!, 3), message: /axis must be a whole number from -1 to 0/ }],
  }),
);

const args = (['argmax', 'argmin'] as const).map(
  (name): OpDescription => ({
    name,
    samples: [
      { inputs: [floats([4, 5])], run: (x) => [t[name](x!, 0), t[name](x!, -1), t[name](x!)] },
      { inputs: [special], run: (x) => t[name](x!) },
      { inputs: [ints([4, 5])], run: (x) => t[name](x!.T, 0) },
      { inputs: [bools([9])], run: (x) => t[name](x!) },
      { inputs: [floats([3, 200, 4])], run: (x) => [t[name](x!, 0), t[name](x!, 1), t[name](x!.T, 0)] },
    ],
  }),
);

export const reduction: readonly OpDescription[] = [...reductions, ...args];
