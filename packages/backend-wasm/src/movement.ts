import {
  bytesPerElement,
  type DType,
  fromBfloat16,
  type Kernels,
  type Operand,
  sizeOf,
  toBfloat16,
  toFloat16,
  type View,
} from '@tessera/core';
import { forEachLine, forEachPlane } from './lines.ts';
import { addressOf, byBytes, type Runtime } from './runtime.ts';

const codes: { readonly [D in DType]: number } = {
  bool: 0,
  uint8: 1,
  int8: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  bfloat16: 6,
  float32: 7,
  float64: 8,
};

const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/** The bits of a number in a dtype, for kernels that fill. */
export function bitsOf(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float32':
      single[0] = value;
      return singleBits[0];
    case 'float16':
      return toFloat16(value);
    case 'bfloat16':
      return toBfloat16(fromBfloat16(toBfloat16(value)));
    case 'bool':
      return value ? 1 : 0;
    default:
      return Math.trunc(value) | 0;
  }
}

export function movement({ kernels }: Runtime): Pick<Kernels, 'copy' | 'cast' | 'pad' | 'concat' | 'fill'> {
  const copies = byBytes('copy');
  const fills = byBytes('fill');
  /** Copies x to places of y, element by element. */
  const put = (x: Operand, y: Operand, target: View): void => {
    const size = bytesPerElement(x.dtype);
    const copy = kernels[copies[size]];
    const from = addressOf(x);
    const to = addressOf({ ...y, view: target });
    forEachPlane(x.view.shape, [x.view.strides, target.strides], ([px, py], { rows, length, jumps: [rx, ry], steps: [sx, sy] }) => {
      copy(rows, length, from + px * size, rx, sx, to + py * size, ry, sy);
    });
  };
  const fill = (y: Operand, value: number): void => {
    const wide = y.dtype === 'int64' ? new Float64Array(BigInt64Array.of(BigInt(Math.trunc(value))).buffer)[0] : value;
    kernels[fills[bytesPerElement(y.dtype)]](sizeOf(y.view.shape), wide, bitsOf(value, y.dtype), addressOf(y));
  };

  return {
    copy: ([x], _, [y]) => put(x, y, y.view),
    fill: (_, { value }, [y]) => fill(y, value),
    cast([x], _, [y]) {
      const [sizeX, sizeY] = [bytesPerElement(x.dtype), bytesPerElement(y.dtype)];
      const [from, to] = [addressOf(x), addressOf(y)];
      const [code, target] = [codes[x.dtype], codes[y.dtype]];
      forEachLine(x.view.shape, [x.view.strides, y.view.strides], ([px, py], n, [sx]) => {
        kernels.cast(code, target, n, from + px * sizeX, sx, to + py * sizeY);
      });
    },
    pad([x], { edges, interior, value }, [y]) {
      fill(y, value);
      // Of each axis, the elements that land inside; edges may crop.
      const { shape, strides, offset } = y.view;
      let [from, to] = [x.view.offset, offset];
      const count = x.view.shape.map((length, axis) => {
        const step = interior[axis] + 1;
        const before = edges[axis][0];
        const first = before < 0 ? Math.ceil(-before / step) : 0;
        const last = Math.min(length - 1, Math.floor((shape[axis] - 1 - before) / step));
        from += first * x.view.strides[axis];
        to += (before + first * step) * strides[axis];
        return Math.max(0, last - first + 1);
      });
      if (sizeOf(count) === 0) return;
      const steps = strides.map((stride, axis) => stride * (interior[axis] + 1));
      put({ ...x, view: { shape: count, strides: x.view.strides, offset: from } }, y, { shape: count, strides: steps, offset: to });
    },
    concat(inputs, { axis }, [y]) {
      let { offset } = y.view;
      for (const x of inputs) {
        put(x, y, { shape: x.view.shape, strides: y.view.strides, offset });
        offset += x.view.shape[axis] * y.view.strides[axis];
      }
    },
  };
}
