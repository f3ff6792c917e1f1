import {
  bytesPerElement,
  type DType,
  type Kernel,
  type Kernels,
  mergeAxes,
  type None,
  type Operand,
  sizeOf,
  type View,
} from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, type Cells, isWide, raw } from './cells.ts';
import { fill, fillWords, materialize } from './fill.ts';
import { mapElements } from './map.ts';
import { word } from './program.ts';
import type { Runtime } from './runtime.ts';
import { bitPlace, loadElement } from './wgsl/elements.ts';

const WORKGROUP = 64;

/** Where elements go along each axis of an output: the first to `starts`, the next each `steps` further. */
interface Place {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
}

/** Puts x's elements at places of y, and leaves the others as they are. */
function place(runtime: Runtime, op: string, x: Operand, y: Operand, { starts, steps }: Place): void {
  const [from, to] = [raw(x), raw(y)];
  if (indexable(op, from.view.shape) === 0) return;
  const wide = isWide(x.dtype);
  const at = wide ? [...starts, 0] : starts;
  const by = wide ? [...steps, 1] : steps;
  const first = at.reduce((sum, start, axis) => sum + start * to.view.strides[axis], to.view.offset);
  const strides = to.view.strides.map((stride, axis) => stride * by[axis]);
  if (from.bytes === 4) scatterWords(runtime, op, from, to, { shape: from.view.shape, strides, offset: first });
  else blendWords(runtime, op, from, to, at, by, first);
}

/** One invocation for each element put. */
function scatterWords(runtime: Runtime, op: string, x: Cells, y: Cells, target: View): void {
  const { lengths, strides } = mergeAxes(target.shape, [x.view.strides, target.strides]);
  const rank = lengths.length;
  const size = sizeOf(target.shape);
  const program = runtime.program(`${op}|words${rank}`, () => {
    const lines = ['var rest = t;', `var source = ${word(2)};`, `var to = ${word(3)};`];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const at = 4 + axis * 3;
      lines.push(
        `{ let c = rest % ${word(at)}; rest = rest / ${word(at)}; source = source + c * ${word(at + 1)}; to = to + c * ${word(at + 2)}; }`,
      );
    }
    return {
      bindings: [
        { name: 'X', type: 'u32' },
        { name: 'Y', type: 'u32', writes: true },
      ],
      words: 4 + rank * 3,
      workgroup: WORKGROUP,
      main: `  if (t >= ${word(1)}) { return; }\n  ${lines.join('\n  ')}\n  Y[to] = X[source];`,
    };
  });
  const words = [size, x.view.offset, target.offset, ...lengths.flatMap((length, axis) => [length, strides[0][axis], strides[1][axis]])];
  runtime.run(program, [materialize(runtime, x.buffer), y.buffer], words, Math.ceil(size / WORKGROUP));
}

/** One invocation for each word touched, which asks of each of its elements whether one of x comes there. */
function blendWords(
  runtime: Runtime,
  op: string,
  x: Cells,
  y: Cells,
  starts: readonly number[],
  steps: readonly number[],
  first: number,
): void {
  const { shape } = y.view;
  const count = x.view.shape;
  const rank = shape.length;
  const bytes = x.bytes as 1 | 2;
  const per = 4 / bytes;
  const last = first + count.reduce((sum, length, axis) => sum + (length - 1) * steps[axis] * y.view.strides[axis], 0);
  const [firstWord, lastWord] = [Math.floor(first / per), Math.floor(last / per)];
  const program = runtime.program(`${op}|blend${bytes}|${rank}`, () => {
    const lines = [`var rest = e - ${word(4)};`, `var source = ${word(3)};`, 'var inside = true;'];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const [length, start, step, limit, stride] = [0, 1, 2, 3, 4].map((i) => word(5 + axis * 5 + i));
      lines.push(
        `{ let c = rest % ${length} - ${start}; rest = rest / ${length}; inside = inside && c < ${limit} * ${step} && c % ${step} == 0u; source = source + c / ${step} * ${stride}; }`,
      );
    }
    return {
      bindings: [
        { name: 'X', type: 'u32' },
        { name: 'Y', type: 'u32', writes: true },
      ],
      words: 5 + rank * 5,
      workgroup: WORKGROUP,
      main: `  if (t >= ${word(1)}) { return; }
  let at = ${word(2)} + t;
  var value = Y[at];
  for (var j = 0u; j < ${per}u; j++) {
    let e = at * ${per}u + j;
    ${lines.join('\n    ')}
    if (e >= ${word(4)} && rest == 0u && inside) {
      let place = ${bitPlace('e', bytes)};
      value = (value & ~(${bytes === 1 ? '0xffu' : '0xffffu'} << place)) | (${loadElement('X', 'source', bytes)} << place);
    }
  }
  Y[at] = value;`,
    };
  });
  const axes = shape.flatMap((length, axis) => [length, starts[axis], steps[axis], count[axis], x.view.strides[axis]]);
  const words = [lastWord - firstWord + 1, firstWord, x.view.offset, y.view.offset, ...axes];
  runtime.run(program, [materialize(runtime, x.buffer), y.buffer], words, Math.ceil((lastWord - firstWord + 1) / WORKGROUP));
}

/** How an element of a dtype, `v`, becomes an i32 or f32; of wide ones, whose words are `lo` and `hi`, a double. */
const canonical: { readonly [D in DType]: readonly [kind: 'i32' | 'f32' | 'double', (v: string, hi: string) => string] } = {
  bool: ['i32', (v) => `i32(${v})`],
  uint8: ['i32', (v) => `i32(${v})`],
  int8: ['i32', (v) => `(bitcast<i32>(${v} << 24u) >> 24u)`],
  int32: ['i32', (v) => `bitcast<i32>(${v})`],
  float16: ['f32', (v) => `floatOfHalf(${v})`],
  bfloat16: ['f32', (v) => `floatOfBfloat(${v})`],
  float32: ['f32', (v) => `bitcast<f32>(${v})`],
  int64: ['double', (lo, hi) => `doubleOfLong(vec2<u32>(${lo}, ${hi}))`],
  float64: ['double', (lo, hi) => `vec2<u32>(${lo}, ${hi})`],
};

const toInteger = { i32: (v: string) => v, f32: (v: string) => `integerOf(${v})`, double: (v: string) => `integerOfDouble(${v})` };
const toFloat = { i32: (v: string) => `f32(${v})`, f32: (v: string) => v, double: (v: string) => `floatOfDouble(${v})` };
const toDouble = { i32: (v: string) => `doubleOfInteger(${v})`, f32: (v: string) => `doubleOfFloat(${v})`, double: (v: string) => v };

/** The bits in a dtype of a canonical value; integers are truncated and saturated. */
function converted(kind: 'i32' | 'f32' | 'double', v: string, to: DType): string {
  const floatBits = `bitcast<u32>(${toFloat[kind](v)})`;
  switch (to) {
    case 'bool':
      if (kind === 'double') return `select(0u, 1u, ((${v}.y & 0x7fffffffu) | ${v}.x) != 0u)`;
      return `select(0u, 1u, (bitcast<u32>(${v})${kind === 'f32' ? ' & 0x7fffffffu' : ''}) != 0u)`;
    case 'uint8':
      return `u32(clamp(${toInteger[kind](v)}, 0, 255))`;
    case 'int8':
      return `(bitcast<u32>(clamp(${toInteger[kind](v)}, -128, 127)) & 0xffu)`;
    case 'int32':
      return `bitcast<u32>(${toInteger[kind](v)})`;
    case 'float16':
      return kind === 'double' ? `halfOf(floatTowardsOdd(${v}))` : `halfOf(${floatBits})`;
    case 'bfloat16':
      return `bfloatOf(${floatBits})`;
    case 'float32':
      return floatBits;
    case 'int64':
      return `longOfDouble(${toDouble[kind](v)})`;
    case 'float64':
      return toDouble[kind](v);
  }
}

/** The words of an operand of two-word elements, those at the same place in each. */
function words({ buffer, view: { shape, strides, offset } }: Cells, at: 0 | 1, paired: boolean): Cells {
  const stretched = { shape: shape.slice(0, -1), strides: strides.slice(0, -1), offset: offset + at };
  return { buffer, view: paired ? repeatedInPairs(stretched) : stretched, bytes: 4, scalar: 'u32', constant: undefined };
}

const repeatedInPairs = ({ shape, strides, offset }: View): View => ({ shape: [...shape, 1], strides: [...strides, 0], offset });

export function movement(runtime: Runtime): Pick<Kernels, 'copy' | 'cast' | 'pad' | 'concat' | 'fill'> {
  const copy: Kernel<None> = ([x], _, [y]) => {
    const [from, to] = [raw(x), raw(y)];
    if (from.bytes < 4 && to.buffer.byteLength > sizeOf(to.view.shape) * from.bytes) {
      // A part of what others write too.
      place(runtime, 'copy', x, y, { starts: y.view.shape.map(() => 0), steps: y.view.shape.map(() => 1) });
      return;
    }
    mapElements(runtime, 'copy', to.view.shape, [from], [{ ...to, offset: to.view.offset }], ([v]) => ({ results: [v] }));
  };
  return {
    copy,
    ...fill(runtime),
    cast([x], _, [y]) {
      const [from, to] = [raw(x), raw(y)];
      const wide = isWide(y.dtype);
      const inputs = isWide(x.dtype)
        ? [words(from, 0, wide), words(from, 1, wide)]
        : [wide ? { ...from, view: repeatedInPairs(from.view) } : from];
      const [kind, decode] = canonical[x.dtype];
      mapElements(runtime, `cast|${x.dtype}|${y.dtype}`, to.view.shape, inputs, [{ ...to, offset: to.view.offset }], ([v, hi]) => {
        const statements = [`let value = ${decode(v, hi)};`];
        const bits = converted(kind, 'value', y.dtype);
        if (!wide) return { statements, results: [bits] };
        return { statements: [...statements, `let pair = ${bits};`], results: ['select(pair.x, pair.y, (i & 1u) == 1u)'] };
      });
    },
    pad([x], { edges, interior, value }, [y]) {
      fillWords(runtime, bufferOf(y), sizeOf(y.view.shape) * bytesPerElement(y.dtype), value, y.dtype);
      // Of each axis, the elements that land inside; edges may crop.
      const starts: number[] = [];
      const steps = interior.map((between) => between + 1);
      let from = x.view.offset;
      const count = x.view.shape.map((length, axis) => {
        const before = edges[axis][0];
        const first = before < 0 ? Math.ceil(-before / steps[axis]) : 0;
        const last = Math.min(length - 1, Math.floor((y.view.shape[axis] - 1 - before) / steps[axis]));
        from += first * x.view.strides[axis];
        starts.push(before + first * steps[axis]);
        return Math.max(0, last - first + 1);
      });
      if (sizeOf(count) === 0) return;
      place(runtime, 'pad', { ...x, view: { shape: count, strides: x.view.strides, offset: from } }, y, { starts, steps });
    },
    concat(inputs, { axis }, [y]) {
      const rank = y.view.shape.length;
      const starts = new Array<number>(rank).fill(0);
      const steps = new Array<number>(rank).fill(1);
      for (const x of inputs) {
        place(runtime, 'concat', x, y, { starts, steps });
        starts[axis] += x.view.shape[axis];
      }
    },
  };
}
