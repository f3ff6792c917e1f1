import { broadcastView, mergeAxes, type Shape, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import type { Cells } from './cells.ts';
import { materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import type { Runtime } from './runtime.ts';
import { loadElement, type Scalar } from './wgsl/elements.ts';

/** The values of outputs, in WGSL, made of those of inputs by statements. */
export interface Body {
  readonly statements?: readonly string[];
  readonly results: readonly string[];
}

/** An output: cells in row-major order from an offset, which is 0 for cells of fewer than four bytes. */
export interface Target {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly bytes: 1 | 2 | 4;
  readonly scalar: Scalar;
}

/** How an input's cells are found: one value; at the output's index; by its strides; or one for all of a line. */
type Kind = 'constant' | 'direct' | 'strided' | 'repeated';

/** What a shader's text depends on. */
interface Form {
  readonly rank: number;
  readonly inputs: readonly {
    readonly kind: Kind;
    readonly bytes: 1 | 2 | 4;
    readonly scalar: Scalar;
    /** Its binding among those of inputs: operands in one buffer, as constants often are, share it. */
    readonly binding: number;
  }[];
  /** Of the elements of inputs' bindings, in WGSL. */
  readonly types: readonly string[];
  readonly outputs: readonly (Target & {
    /** The name of its binding: an input's where it is written over that. */
    readonly name: string;
  })[];
  /** Whether four cells at a time are read and written as one vector. */
  readonly quads: boolean;
  /** How many elements an invocation computes. */
  readonly per: number;
  /** Whether halves are elements of bindings, as where the device has f16; otherwise they are bits in words. */
  readonly halves: boolean;
}

/** Whether cells are halves. */
const isHalf = ({ bytes, scalar }: Pick<Cells, 'bytes' | 'scalar'>): boolean => bytes === 2 && scalar === 'f32';
/** Whether cells share words. */
const isPacked = (cells: Pick<Cells, 'bytes' | 'scalar'>, halves: boolean): boolean => cells.bytes < 4 && !(halves && isHalf(cells));

const WORKGROUP = 64;
/** From how many elements on they are taken four at a time: before, devices have more invocations to spare than work. */
const MANY = 2 ** 14;

/**
 * Computes outputs element by element. Inputs have any strides and broadcast, but for one that lies just where an output does: the
 * invocation that reads an element of it writes it. `key` tells apart what `body` makes.
 */
export function mapElements(
  runtime: Runtime,
  key: string,
  shape: Shape,
  inputs: readonly Cells[],
  outputs: readonly Target[],
  body: (values: readonly string[]) => Body,
): void {
  const size = indexable(key.split('|', 1)[0], shape);
  if (size === 0) return;
  const merged = mergeAxes(
    shape,
    inputs.map(({ view }) => broadcastView(view, shape).strides),
  );
  const lengths = merged.lengths.length ? merged.lengths : [1];
  const strides = merged.lengths.length ? merged.strides : merged.strides.map(() => [0]);
  const { halves } = runtime;
  const quads = size >= MANY && canTakeFour(lengths, strides, inputs, outputs, size, halves);
  const bound: GpuBuffer[] = [];
  const types: string[] = [];
  const bind = (buffer: GpuBuffer, type: string): number => {
    const at = bound.findIndex((other, i) => other === buffer && types[i] === type);
    if (at >= 0) return at;
    types.push(type);
    return bound.push(buffer) - 1;
  };
  const form: Form = {
    rank: lengths.length,
    inputs: inputs.map(({ buffer, bytes, scalar, constant }, i) => {
      if (constant !== undefined) return { kind: 'constant', bytes, scalar, binding: -1 };
      const direct = isRowMajor(lengths, strides[i]);
      const kind = direct ? 'direct' : quads && strides[i].at(-1) === 0 ? 'repeated' : 'strided';
      return { kind, bytes, scalar, binding: bind(buffer, typeOf({ bytes, scalar }, quads && kind !== 'repeated', halves)) };
    }),
    types,
    outputs: outputs.map((output, i) => {
      const over = bound.indexOf(output.buffer);
      return { ...output, name: over < 0 ? `Y${i}` : `X${over}` };
    }),
    quads,
    per: quads ? 4 : Math.max(...outputs.map((output) => (isPacked(output, halves) ? 4 / output.bytes : 1))),
    halves,
  };
  const words = [size, ...lengths];
  const buffers = bound.map((buffer) => materialize(runtime, buffer));
  inputs.forEach(({ constant, view }, i) => {
    const { kind } = form.inputs[i];
    if (kind === 'constant') words.push(constant!);
    else if (kind === 'direct') words.push(view.offset);
    else words.push(view.offset, ...strides[i]);
  });
  for (const { offset, buffer } of outputs) {
    words.push(offset);
    if (!bound.includes(buffer)) buffers.push(buffer);
  }
  const kinds = form.inputs.map(({ kind, bytes, scalar, binding }) => `${kind[0]}${bytes}${scalar[0]}${binding}`).join('');
  const made = form.outputs.map(({ bytes, scalar, name }) => `${bytes}${scalar[0]}${name}`).join('');
  const program = runtime.program(`${key}|${form.rank}|${quads}|${kinds}|${made}`, () => ({
    bindings: bindingsOf(form),
    words: words.length + 1,
    workgroup: WORKGROUP,
    main: mainOf(form, body),
  }));
  runtime.run(program, buffers, words, Math.ceil(Math.ceil(size / form.per) / WORKGROUP));
}

/**
 * Whether four neighbours of the output are four neighbours of each input, or one of its cells, and begin where vectors do. What lies
 * beyond the last element is read and written too, where nobody else has it.
 */
function canTakeFour(
  lengths: readonly number[],
  strides: readonly (readonly number[])[],
  inputs: readonly Cells[],
  outputs: readonly Target[],
  size: number,
  halves: boolean,
): boolean {
  const splits = (cells: Pick<Cells, 'bytes' | 'scalar'>): boolean => cells.bytes === 2 && isPacked(cells, halves);
  const lines = lengths.length === 1 || lengths.at(-1)! % 4 === 0;
  const ends = outputs.every(
    ({ offset, bytes, scalar, buffer }) =>
      offset % 4 === 0 && !splits({ bytes, scalar }) && (size % 4 === 0 || buffer.byteLength <= size * bytes),
  );
  const fits = ({ view, bytes, scalar }: Cells, list: readonly number[]): boolean =>
    !splits({ bytes, scalar }) &&
    (list.at(-1) === 0 || (list.at(-1) === 1 && view.offset % 4 === 0 && list.slice(0, -1).every((stride) => stride % 4 === 0)));
  return lines && ends && inputs.every((cells, i) => fits(cells, strides[i]));
}

function isRowMajor(lengths: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = lengths.length - 1; axis >= 0; axis--) {
    if (strides[axis] !== step) return false;
    step *= lengths[axis];
  }
  return true;
}

function typeOf(cells: Pick<Cells, 'bytes' | 'scalar'>, four: boolean, halves: boolean): string {
  if (isPacked(cells, halves)) return 'u32';
  const type = isHalf(cells) ? 'f16' : cells.scalar;
  return four ? `vec4<${type}>` : type;
}

function bindingsOf({ types, outputs, quads, halves }: Form): Binding[] {
  return [
    ...types.map((type, i): Binding => ({ name: `X${i}`, type, writes: outputs.some(({ name }) => name === `X${i}`) })),
    ...outputs
      .filter(({ name }) => name.startsWith('Y'))
      .map((output): Binding => ({ name: output.name, type: typeOf(output, quads, halves), writes: true })),
  ];
}

/** How many bindings operands take at most: one for each buffer, and one more where it is read in two ways. */
export function bindingsNeeded(inputs: readonly Cells[], outputs: readonly Target[]): number {
  const ways = inputs.flatMap(({ buffer, constant, scalar, view }) =>
    constant === undefined
      ? [{ buffer, way: `${scalar} ${sizeOf(view.shape) === 1 || view.strides.every((stride) => stride === 0)}` }]
      : [],
  );
  const read = ways.filter(({ buffer, way }, i) => ways.findIndex((other) => other.buffer === buffer && other.way === way) === i);
  return read.length + outputs.filter(({ buffer }) => !read.some((input) => input.buffer === buffer)).length;
}

function mainOf({ rank, inputs, outputs, quads, per, halves }: Form, body: (values: readonly string[]) => Body): string {
  let at = 2 + rank;
  // What depends on the place of an element, or of the first of four.
  const places: string[] = [];
  const place = quads ? 'first' : 'i';
  if (rank > 1 && inputs.some(({ kind }) => kind === 'strided' || kind === 'repeated')) {
    places.push(`var rest = ${place};`);
    for (let axis = rank - 1; axis > 0; axis--) places.push(`let c${axis} = rest % ${word(2 + axis)}; rest = rest / ${word(2 + axis)};`);
    places.push('let c0 = rest;');
  } else {
    places.push(`let c0 = ${place};`);
  }
  const lines: string[] = [];
  inputs.forEach(({ kind, bytes, scalar, binding }, i) => {
    if (kind === 'constant') {
      places.push(`let v${i} = bitcast<${scalar}>(${word(at++)});`);
      return;
    }
    let index = word(at++);
    if (kind === 'direct') index += ` + ${place}`;
    else for (let axis = 0; axis < rank; axis++) index += ` + c${axis} * ${word(at++)}`;
    const packed = isPacked({ bytes, scalar }, halves);
    const decoded = (cell: string): string => {
      if (!isHalf({ bytes, scalar })) return cell;
      return packed ? `floatOfHalf(${cell})` : `f32(${cell})`;
    };
    if (!quads || kind === 'repeated') {
      places.push(`let v${i} = ${decoded(loadElement(`X${binding}`, index, packed ? bytes : 4))};`);
      return;
    }
    places.push(`let x${i} = X${binding}[(${index}) >> 2u];`);
    lines.push(`let v${i} = ${packed ? `(x${i} >> (j * 8u)) & 0xffu` : decoded(`x${i}[j]`)};`);
  });
  const { statements = [], results } = body(inputs.map((_, i) => `v${i}`));
  lines.push(...statements);
  const stores: string[] = [];
  const begins: string[] = [];
  outputs.forEach(({ bytes, scalar, name }, i) => {
    const offset = word(at++);
    const half = isHalf({ bytes, scalar });
    if (isPacked({ bytes, scalar }, halves)) {
      // Elements of an invocation fill one word, or where others are narrower two.
      const elements = 4 / bytes;
      const count = per / elements;
      begins.push(`var y${i} = array<u32, ${count}>();`);
      const bits = half ? `halfOf(bitcast<u32>(${results[i]}))` : results[i];
      lines.push(`y${i}[j / ${elements}u] = y${i}[j / ${elements}u] | ((${bits}) << (j % ${elements}u * ${bytes * 8}u));`);
      for (let k = 0; k < count; k++) stores.push(`${name}[t * ${count}u + ${k}u] = y${i}[${k}];`);
    } else if (quads) {
      begins.push(`var y${i} = vec4<${scalar}>();`);
      lines.push(`y${i}[j] = ${results[i]};`);
      const value = half ? `vec4<f16>(${[...'xyzw'].map((axis) => `f16OfFloat(y${i}.${axis})`).join(', ')})` : `y${i}`;
      stores.push(`${name}[(${offset} + first) >> 2u] = ${value};`);
    } else {
      lines.push(`${name}[${offset} + i] = ${half ? `f16OfFloat(${results[i]})` : results[i]};`);
    }
  });
  if (per === 1) return `  let i = t;\n  if (i >= ${word(1)}) { return; }\n  ${[...places, ...lines].join('\n  ')}`;
  const each = quads ? lines : [`if (i >= ${word(1)}) { break; }`, ...places, ...lines];
  return `  let first = t * ${per}u;
  if (first >= ${word(1)}) { return; }
  ${[...begins, ...(quads ? places : [])].join('\n  ')}
  for (var j = 0u; j < ${per}u; j++) {
    let i = first + j;
    ${each.join('\n    ')}
  }
  ${stores.join(' ')}`;
}
