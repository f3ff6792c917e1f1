import { broadcastView, type Shape } from '@tessera/core';
import { indexable, mergeAxes } from './axes.ts';
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

/** The rank and kinds of inputs on which a shader's text depends. */
interface Form {
  readonly rank: number;
  readonly inputs: readonly { readonly kind: 'constant' | 'direct' | 'strided'; readonly bytes: 1 | 2 | 4; readonly scalar: Scalar }[];
  readonly outputs: readonly Target[];
}

const WORKGROUP = 64;

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
  const stretched = inputs.map(({ view }) => broadcastView(view, shape).strides);
  const { lengths, strides } = mergeAxes(shape, stretched);
  const rank = Math.max(1, lengths.length);
  const form: Form = {
    rank,
    inputs: inputs.map(({ bytes, scalar, constant }, i) => {
      const kind = constant !== undefined ? 'constant' : isRowMajor(lengths, strides[i]) ? 'direct' : 'strided';
      return { kind, bytes, scalar };
    }),
    outputs,
  };
  const per = Math.max(...outputs.map(({ bytes }) => 4 / bytes));
  const words = [size, ...(lengths.length ? lengths : [1])];
  const buffers: GpuBuffer[] = [];
  inputs.forEach(({ constant, view, buffer }, i) => {
    const { kind } = form.inputs[i];
    if (kind === 'constant') words.push(constant!);
    else if (kind === 'direct') words.push(view.offset);
    else words.push(view.offset, ...(lengths.length ? strides[i] : [0]));
    if (kind !== 'constant') buffers.push(materialize(runtime, buffer));
  });
  for (const { offset, buffer } of outputs) {
    words.push(offset);
    buffers.push(buffer);
  }
  const kinds = form.inputs.map(({ kind, bytes, scalar }) => `${kind[0]}${bytes}${scalar[0]}`).join('');
  const program = runtime.program(`${key}|${rank}|${kinds}|${outputs.map(({ bytes, scalar }) => `${bytes}${scalar[0]}`).join('')}`, () => ({
    bindings: bindingsOf(form),
    words: words.length + 1,
    workgroup: WORKGROUP,
    main: mainOf(form, per, body),
  }));
  runtime.run(program, buffers, words, Math.ceil(Math.ceil(size / per) / WORKGROUP));
}

function isRowMajor(lengths: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = lengths.length - 1; axis >= 0; axis--) {
    if (strides[axis] !== step) return false;
    step *= lengths[axis];
  }
  return true;
}

function bindingsOf({ inputs, outputs }: Form): Binding[] {
  const typeOf = (bytes: number, scalar: Scalar): string => (bytes === 4 ? scalar : 'u32');
  return [
    ...inputs.flatMap(({ kind, bytes, scalar }, i): Binding[] =>
      kind === 'constant' ? [] : [{ name: `X${i}`, type: typeOf(bytes, scalar) }],
    ),
    ...outputs.map(({ bytes, scalar }, i): Binding => ({ name: `Y${i}`, type: typeOf(bytes, scalar), writes: true })),
  ];
}

function mainOf({ rank, inputs, outputs }: Form, per: number, body: (values: readonly string[]) => Body): string {
  let at = 2 + rank;
  const lines: string[] = [];
  if (rank > 1 && inputs.some(({ kind }) => kind === 'strided')) {
    lines.push('var rest = i;');
    for (let axis = rank - 1; axis > 0; axis--) lines.push(`let c${axis} = rest % ${word(2 + axis)}; rest = rest / ${word(2 + axis)};`);
    lines.push('let c0 = rest;');
  } else {
    lines.push('let c0 = i;');
  }
  const values = inputs.map(({ kind, bytes, scalar }, i) => {
    if (kind === 'constant') return scalar === 'u32' ? word(at++) : `bitcast<${scalar}>(${word(at++)})`;
    let index = word(at++);
    if (kind === 'direct') index += ' + i';
    else for (let axis = 0; axis < rank; axis++) index += ` + c${axis} * ${word(at++)}`;
    return loadElement(`X${i}`, index, bytes);
  });
  values.forEach((value, i) => lines.push(`let v${i} = ${value};`));
  const { statements = [], results } = body(values.map((_, i) => `v${i}`));
  lines.push(...statements);
  outputs.forEach(({ bytes }, i) => {
    if (bytes === 4) lines.push(`Y${i}[${word(at++)} + i] = ${results[i]};`);
    else {
      at++;
      lines.push(`word${i} = word${i} | ((${results[i]}) << (j * ${bytes * 8}u));`);
    }
  });
  if (per === 1) return `  let i = t;\n  if (i >= ${word(1)}) { return; }\n  ${lines.join('\n  ')}`;
  const narrow = outputs.flatMap(({ bytes }, i) => (bytes === 4 ? [] : [i]));
  return `  if (t * ${per}u >= ${word(1)}) { return; }
  ${narrow.map((i) => `var word${i} = 0u;`).join(' ')}
  for (var j = 0u; j < ${per}u; j++) {
    let i = t * ${per}u + j;
    if (i >= ${word(1)}) { break; }
    ${lines.join('\n    ')}
  }
  ${narrow.map((i) => `Y${i}[t] = word${i};`).join(' ')}`;
}
