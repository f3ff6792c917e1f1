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
  readonly outputs: readonly Target[];
  /** Whether four cells at a time are read and written as one vector. */
  readonly quads: boolean;
  /** How many elements an invocation computes. */
  readonly per: number;
}

const WORKGROUP = 64;
/** From how many elements on they are taken four at a time: before, devices have more invocations to spare than work. */
const MANY = 2 ** 14;

/** Computes outputs element by element. Inputs have any strides and broadcast; `key` tells apart what `body` makes. */
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
  const quads = size >= MANY && canTakeFour(lengths, strides, inputs, outputs, size);
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
      return { kind, bytes, scalar, binding: bind(buffer, typeOf(bytes, scalar, quads && kind !== 'repeated')) };
    }),
    types,
    outputs,
    quads,
    per: quads ? 4 : Math.max(...outputs.map(({ bytes }) => 4 / bytes)),
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
    buffers.push(buffer);
  }
  const kinds = form.inputs.map(({ kind, bytes, scalar, binding }) => `${kind[0]}${bytes}${scalar[0]}${binding}`).join('');
  const made = outputs.map(({ bytes, scalar }) => `${bytes}${scalar[0]}`).join('');
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
): boolean {
  const lines = lengths.length === 1 || lengths.at(-1)! % 4 === 0;
  const ends = outputs.every(
    ({ offset, bytes, buffer }) => offset % 4 === 0 && bytes !== 2 && (size % 4 === 0 || buffer.byteLength <= size * bytes),
  );
  const fits = ({ view, bytes }: Cells, list: readonly number[]): boolean =>
    bytes !== 2 &&
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

const typeOf = (bytes: number, scalar: Scalar, four: boolean): string => (bytes < 4 ? 'u32' : four ? `vec4<${scalar}>` : scalar);

function bindingsOf({ types, outputs, quads }: Form): Binding[] {
  return [
    ...types.map((type, i): Binding => ({ name: `X${i}`, type })),
    ...outputs.map(({ bytes, scalar }, i): Binding => ({ name: `Y${i}`, type: typeOf(bytes, scalar, quads), writes: true })),
  ];
}

/** How many bindings inputs take at most: one for each buffer, and one more where it is read in two ways. */
export function bindingsNeeded(inputs: readonly Cells[]): number {
  const ways = inputs.flatMap(({ buffer, constant, scalar, view }) =>
    constant === undefined
      ? [{ buffer, way: `${scalar} ${sizeOf(view.shape) === 1 || view.strides.every((stride) => stride === 0)}` }]
      : [],
  );
  return ways.filter(({ buffer, way }, i) => ways.findIndex((other) => other.buffer === buffer && other.way === way) === i).length;
}

function mainOf({ rank, inputs, outputs, quads, per }: Form, body: (values: readonly string[]) => Body): string {
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
    if (!quads || kind === 'repeated') {
      places.push(`let v${i} = ${loadElement(`X${binding}`, index, bytes)};`);
      return;
    }
    places.push(`let x${i} = X${binding}[(${index}) >> 2u];`);
    lines.push(bytes === 4 ? `let v${i} = x${i}[j];` : `let v${i} = (x${i} >> (j * 8u)) & 0xffu;`);
  });
  const { statements = [], results } = body(inputs.map((_, i) => `v${i}`));
  lines.push(...statements);
  const stores: string[] = [];
  const begins: string[] = [];
  outputs.forEach(({ bytes, scalar }, i) => {
    const offset = word(at++);
    if (bytes < 4) {
      begins.push(`var y${i} = 0u;`);
      lines.push(`y${i} = y${i} | ((${results[i]}) << (j * ${bytes * 8}u));`);
      stores.push(`Y${i}[t] = y${i};`);
    } else if (quads) {
      begins.push(`var y${i} = vec4<${scalar}>();`);
      lines.push(`y${i}[j] = ${results[i]};`);
      stores.push(`Y${i}[(${offset} + first) >> 2u] = y${i};`);
    } else {
      lines.push(`Y${i}[${offset} + i] = ${results[i]};`);
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
