import {
  contiguousView,
  type Kernel,
  type Kernels,
  mergeAxes,
  type None,
  type Operand,
  type ReduceAttributes,
  type Reduction,
  type Shape,
  sizeOf,
  type View,
} from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, numbers } from './cells.ts';
import { materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { word } from './program.ts';
import type { Runtime } from './runtime.ts';
import { loadElement, type Scalar } from './wgsl/elements.ts';
import { foldTeam, TEAM } from './wgsl/team.ts';

/** How values are folded, in WGSL, by scalar: what to begin with, and one step. */
interface Fold {
  readonly start: string;
  readonly step: (sum: string, x: string) => string;
  /** What is folded, where it is more than an element: its type, made of one, and made one again. */
  readonly wide?: { readonly type: string; readonly of: (x: string) => string; readonly to: (sum: string) => string };
}

/** What can be folded: squares too. */
type Folded = Reduction | 'sumSquare';

const folds: { readonly [K in Folded]: { readonly [S in Scalar]?: Fold } } = {
  sumSquare: {
    f32: {
      start: '0.0',
      step: (sum, x) => `${sum} + ${x}`,
      wide: { type: 'f32', of: (x) => `${x} * ${x}`, to: (sum) => sum },
    },
  },
  sum: {
    f32: { start: '0.0', step: (sum, x) => `${sum} + ${x}` },
    i32: { start: '0', step: (sum, x) => `${sum} + ${x}` },
  },
  prod: {
    // Products of many numbers near 1 lose all that is of second order to rounding, so they carry what they lost.
    f32: {
      start: 'vec2<f32>(1.0, 0.0)',
      step: (sum, x) => `productKept(${sum}, ${x})`,
      wide: { type: 'vec2<f32>', of: (x) => `vec2<f32>(${x}, 0.0)`, to: (sum) => `productRounded(${sum})` },
    },
    i32: { start: '1', step: (sum, x) => `${sum} * ${x}` },
  },
  max: {
    f32: { start: 'negated(infinity())', step: (sum, x) => `greater(${sum}, ${x})` },
    i32: { start: 'bitcast<i32>(0x80000000u)', step: (sum, x) => `max(${sum}, ${x})` },
    u32: { start: '0u', step: (sum, x) => `max(${sum}, ${x})` },
  },
  min: {
    f32: { start: 'infinity()', step: (sum, x) => `lesser(${sum}, ${x})` },
    i32: { start: '0x7fffffff', step: (sum, x) => `min(${sum}, ${x})` },
    u32: { start: '1u', step: (sum, x) => `min(${sum}, ${x})` },
  },
};

const WORKGROUP = 64;
/** From how many elements on a row is folded by a team. */
export const LONG = 128;
/** From how many parts on they are folded by a team. */
const FEW = 16;
/** The side of a team of columns: so many beside one another, by so many invocations each; and up to how many rows it takes alone. */
const COLUMNS = 16;
const HIGH = 4096;
/** The least that is folded before partial results are. */
const SPAN = 64;
/** About how many invocations make a device busy. */
export const BUSY = 8192;

/** Kept axes and folded ones, each merged; what both are of. */
interface Arranged {
  readonly outputs: number;
  readonly count: number;
  readonly kept: { readonly lengths: readonly number[]; readonly strides: readonly number[] };
  readonly folded: { readonly lengths: readonly number[]; readonly strides: readonly number[] };
}

export function arrange({ shape, strides }: View, axes: readonly number[]): Arranged {
  const part = (list: readonly number[]): Arranged['kept'] => {
    const { lengths, strides: merged } = mergeAxes(
      list.map((axis) => shape[axis]),
      [list.map((axis) => strides[axis])],
    );
    return { lengths, strides: merged[0] };
  };
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const outputs = sizeOf(kept.map((axis) => shape[axis]));
  return { outputs, count: sizeOf(axes.map((axis) => shape[axis])), kept: part(kept), folded: part(axes) };
}

/** Declares a function of an index over axes whose lengths and strides are parameters from `at` on. */
export function placeFunction(name: string, rank: number, at: number): string {
  if (rank === 0) return `fn ${name}(i: u32) -> u32 { return 0u; }`;
  if (rank === 1) return `fn ${name}(i: u32) -> u32 { return i * ${word(at + 1)}; }`;
  const lines = ['var rest = i;', 'var place = 0u;'];
  for (let axis = rank - 1; axis > 0; axis--) {
    const [length, stride] = [word(at + axis * 2), word(at + axis * 2 + 1)];
    lines.push(`place = place + (rest % ${length}) * ${stride}; rest = rest / ${length};`);
  }
  return `fn ${name}(i: u32) -> u32 { ${lines.join(' ')} return place + rest * ${word(at + 1)}; }`;
}

/** The parameters of {@link placeFunction}. */
export function placeWords({ lengths, strides }: { readonly lengths: readonly number[]; readonly strides: readonly number[] }): number[] {
  return lengths.flatMap((length, axis) => [length, strides[axis]]);
}

/** How outputs are folded: each by a team along a row, sixteen columns by a team, each by one invocation, or four that share a word. */
type Way = 'rows' | 'columns' | 'lone' | 'narrow';

function wayOf({ outputs, count, kept, folded }: Arranged, bytes: number, parted: boolean): Way {
  if (bytes < 4) return 'narrow';
  const neighbours = kept.strides.at(-1) === 1 && outputs >= COLUMNS;
  if (parted) return count < FEW ? 'lone' : neighbours ? 'columns' : 'rows';
  if (count >= LONG && Math.abs(folded.strides.at(-1) ?? 0) <= 1) return 'rows';
  return neighbours && count > SPAN && count <= HIGH && outputs < BUSY / 2 ? 'columns' : 'lone';
}

/**
 * Folds axes of an operand into `y` from an element on, in rising order within each part; `parted`, the parts of one, which are not
 * divided again.
 */
export function foldInto(
  runtime: Runtime,
  op: Folded,
  x: Operand,
  axes: readonly number[],
  y: GpuBuffer,
  { offset = 0, parted = false }: { readonly offset?: number; readonly parted?: boolean } = {},
): void {
  const { buffer, view, bytes, scalar } = numbers(x);
  const arranged = arrange(view, axes);
  const { outputs, count, kept, folded } = arranged;
  if (outputs === 0) return;
  indexable(op, view.shape);
  const fold = folds[op][scalar]!;
  const { type, of, to } = fold.wide ?? { type: scalar, of: (value: string) => value, to: (sum: string) => sum };
  const way = wayOf(arranged, bytes, parted);
  const [threads, least] = way === 'rows' ? [outputs * TEAM, SPAN * TEAM] : [outputs, SPAN];
  const divides = !parted && (way === 'rows' || way === 'lone');
  const parts = divides ? Math.max(1, Math.min(Math.ceil(count / least), Math.floor(BUSY / threads))) : 1;
  const span = Math.ceil(count / parts);
  const target = parts > 1 ? runtime.temporary(outputs * parts * 4) : y;
  const ranks = [kept.lengths.length, folded.lengths.length];
  const foldedAt = 7 + ranks[0] * 2;
  const words = [outputs, count, span, parts, view.offset, parts > 1 ? 0 : offset, ...placeWords(kept), ...placeWords(folded)];
  const { workgroup, each, shares, main } = ways[way];
  const program = runtime.program(`${op}|${scalar}${bytes}|${way}|${ranks}`, () => ({
    bindings: [
      { name: 'X', type: bytes === 4 ? scalar : 'u32' },
      { name: 'Y', type: bytes === 4 ? scalar : 'u32', writes: true },
    ],
    words: words.length + 1,
    workgroup,
    declarations: `${placeFunction('keptPlace', ranks[0], 7)}
${placeFunction('foldedPlace', ranks[1], foldedAt)}
${shares ? `var<workgroup> team: array<${type}, ${workgroup}>;` : ''}
fn folding(output: u32, first: u32, end: u32, by: u32) -> ${type} {
  let base = ${word(5)} + keptPlace(output);
  var sum = ${type}(${fold.start});
  for (var i = first; i < end; i = i + by) { sum = ${fold.step('sum', of(loadElement('X', 'base + foldedPlace(i)', bytes)))}; }
  return sum;
}`,
    main: main(fold, to),
  }));
  runtime.run(program, [materialize(runtime, buffer), target], words, Math.ceil((outputs * parts) / each));
  if (parts === 1) return;
  // Partial results lie part by part: [parts, outputs].
  const partial = { buffer: target, dtype: x.dtype, view: { shape: [parts, outputs], strides: [outputs, 1], offset: 0 } };
  foldInto(runtime, op === 'sumSquare' ? 'sum' : op, partial, [0], y, { offset, parted: true });
}

/** Of each way the invocations of a workgroup, the outputs of it, whether they share memory, and what they do. */
const ways: {
  readonly [W in Way]: {
    readonly workgroup: number;
    readonly each: number;
    readonly shares: boolean;
    readonly main: (fold: Fold, to: (sum: string) => string) => string;
  };
} = {
  rows: {
    workgroup: TEAM,
    each: 1,
    shares: true,
    main: ({ step, start }, to) => `  if (g >= ${word(1)} * ${word(4)}) { return; }
  let part = g / ${word(1)};
  var sum = folding(g % ${word(1)}, part * ${word(3)} + l, min((part + 1u) * ${word(3)}, ${word(2)}), ${TEAM}u);
  ${foldTeam('sum', step, start)}
  if (l == 0u) { Y[${word(6)} + g] = ${to('sum')}; }`,
  },
  columns: {
    workgroup: COLUMNS * COLUMNS,
    each: COLUMNS,
    shares: true,
    main: ({ step }, to) => `  let column = g * ${COLUMNS}u + l % ${COLUMNS}u;
  let row = l / ${COLUMNS}u;
  team[l] = folding(min(column, ${word(1)} - 1u), row, ${word(2)}, ${COLUMNS}u);
  for (var half = ${COLUMNS / 2}u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (row < half) { team[l] = ${step('team[l]', `team[l + half * ${COLUMNS}u]`)}; }
  }
  if (row == 0u && column < ${word(1)}) { Y[${word(6)} + column] = ${to('team[l]')}; }`,
  },
  lone: {
    workgroup: WORKGROUP,
    each: WORKGROUP,
    shares: false,
    main: (_, to) => `  if (t >= ${word(1)} * ${word(4)}) { return; }
  let part = t / ${word(1)};
  Y[${word(6)} + t] = ${to(`folding(t % ${word(1)}, part * ${word(3)}, min((part + 1u) * ${word(3)}, ${word(2)}), 1u)`)};`,
  },
  narrow: {
    workgroup: WORKGROUP,
    each: WORKGROUP * 4,
    shares: false,
    main: () => `  if (t * 4u >= ${word(1)}) { return; }
  var value = 0u;
  for (var j = 0u; j < 4u; j++) {
    let output = t * 4u + j;
    if (output < ${word(1)}) { value = value | (folding(output, 0u, ${word(2)}, 1u) << (j * 8u)); }
  }
  Y[t] = value;`,
  },
};

export function reduction(runtime: Runtime): Pick<Kernels, Reduction> & { readonly sumSquare: Kernel<None> } {
  const fold =
    (op: Reduction): Kernel<ReduceAttributes> =>
    ([x], { axes }, [y]) =>
      foldInto(runtime, op, x, axes, bufferOf(y), { offset: y.view.offset });
  return {
    sum: fold('sum'),
    sumSquare([x], _, [y]) {
      foldInto(
        runtime,
        'sumSquare',
        x,
        x.view.shape.map((_, axis) => axis),
        bufferOf(y),
      );
    },
    prod: fold('prod'),
    max: fold('max'),
    min: fold('min'),
  };
}

/** The lanes of a contiguous shape along an axis: how many, how long, and the step inside. */
export function lanesOf(shape: Shape, axis: number): { lanes: number; length: number; step: number } {
  const length = shape[axis];
  const step = sizeOf(shape.slice(axis + 1));
  return { lanes: length === 0 ? 0 : sizeOf(shape) / length, length, step };
}

/** A buffer of words in row-major order as an operand. */
export function floatsIn(buffer: GpuBuffer, shape: Shape): Operand {
  return { buffer, dtype: 'float32', view: contiguousView(shape) };
}
