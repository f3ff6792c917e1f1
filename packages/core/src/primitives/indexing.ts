import { ShapeError } from '../errors.ts';
import type { PrimitiveRow, Spec } from '../op.ts';
import { checkShape, formatShape, sameShape } from '../shape.ts';
import type { PrimitiveAttributes } from './attributes.ts';
import { expectInt32, oneDType } from './expect.ts';

const gathered = (x: Spec, indices: Spec, axis: number): number[] => [
  ...x.shape.slice(0, axis),
  ...indices.shape,
  ...x.shape.slice(axis + 1),
];

export const indexingRows: {
  readonly [K in 'gather' | 'scatter' | 'sort' | 'randomBits']: PrimitiveRow<PrimitiveAttributes[K]>;
} = {
  gather: {
    movesBytes: true,
    infer([x, indices], { axis }) {
      expectInt32('gather', 'indices', indices!);
      return [{ shape: gathered(x!, indices!, axis), dtype: x!.dtype }];
    },
  },
  scatter: {
    overwrites: () => [[0]],
    infer([x, indices, updates], { axis }) {
      expectInt32('scatter', 'indices', indices!);
      oneDType('scatter', [x!, updates!]);
      const expected = gathered(x!, indices!, axis);
      if (!sameShape(updates!.shape, expected)) {
        throw new ShapeError(`[scatter] updates must have shape ${formatShape(expected)}: got ${formatShape(updates!.shape)}`);
      }
      return [{ shape: x!.shape, dtype: x!.dtype }];
    },
  },
  sort: {
    infer: ([x]) => [
      { shape: x!.shape, dtype: x!.dtype },
      { shape: x!.shape, dtype: 'int32' },
    ],
  },
  randomBits: {
    random: true,
    infer([key, counter], { shape }) {
      expectInt32('randomBits', 'key', key!);
      expectInt32('randomBits', 'counter', counter!);
      if (!sameShape(key!.shape, [2]) || !sameShape(counter!.shape, [2])) {
        throw new ShapeError(
          `[randomBits] key and counter must have shape [2]: got ${formatShape(key!.shape)} and ${formatShape(counter!.shape)}`,
        );
      }
      return [{ shape: checkShape('randomBits', shape), dtype: 'int32' }];
    },
  },
};
