import { type Kernel, type Operand, type PoolingAttributes, sizeOf } from '@tessera/core';
import { describe } from './geometry.ts';
import { addressOf, clear, type Runtime } from './runtime.ts';

type Names = 'maxPool' | 'maxPoolGradient';

export function pooling(runtime: Runtime): Readonly<Record<Names, Kernel<PoolingAttributes>>> {
  const pool = (op: Names, x: Operand, y: Operand, inputs: readonly Operand[], attributes: PoolingAttributes, out: Operand): void => {
    const { shape } = y.view;
    if (sizeOf(shape) === 0) {
      if (op === 'maxPoolGradient') clear(runtime, out);
      return;
    }
    const channels = shape.at(-1)!;
    const positions = sizeOf(shape) / channels;
    const window = runtime.scratch(sizeOf(attributes.size) * 4);
    const description = describe(runtime, x.view.shape, attributes.size, channels, shape, attributes);
    const parameters = [description, ...inputs.map(addressOf), addressOf(out), window, 0, positions];
    const [taps, begin] = [parameters.length - 3, parameters.length - 2];
    // Windows of one example may overlap; those of different ones never do.
    const each = positions / shape[0];
    runtime.call(op, parameters, {
      units: shape[0],
      count: [begin + 1, each],
      moves: [
        // y, or dy.
        [2, each * channels * 4],
        [begin, each],
      ],
      scratch: [taps],
      nanoseconds: sizeOf(shape) * sizeOf(attributes.size) * 0.2,
    });
  };
  return {
    maxPool: ([x], attributes, [y]) => pool('maxPool', x, y, [x], attributes, y),
    maxPoolGradient: ([x, dy], attributes, [dx]) => pool('maxPoolGradient', x, dy, [x, dy], attributes, dx),
  };
}
