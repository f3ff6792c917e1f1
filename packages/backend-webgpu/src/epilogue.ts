import { contiguousView, type EpilogueAttributes, isContiguous, type Operand } from '@tessera/core';
import { bufferOf, numbers } from './cells.ts';
import { expressionOf, targetOf } from './elementwise.ts';
import { materialize } from './fill.ts';
import { mapElements } from './map.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import type { Runtime } from './runtime.ts';

/** f(product + bias) + residual, within the shader that makes the product. */
export interface Epilogue {
  /** Tells shaders apart. */
  readonly key: string;
  readonly bindings: readonly Binding[];
  /** Declares `finish`, of a sum, its column and its place; parameters lie from `at` on. */
  declare(at: number): string;
  readonly words: readonly number[];
  buffers(runtime: Runtime): GpuBuffer[];
}

/** No epilogue: sums are left as they are. */
export const plain: Epilogue = {
  key: '',
  bindings: [],
  declare: () => 'fn finish(sum: f32, column: u32, place: u32) -> f32 { return sum; }',
  words: [],
  buffers: () => [],
};

/** What is added to a product. */
interface Addends {
  readonly bias: Operand | undefined;
  readonly residual: Operand | undefined;
}

/** The operands behind the two of the product. */
export function addendsOf(inputs: readonly Operand[], { bias, residual }: EpilogueAttributes): Addends {
  return { bias: bias ? inputs[2] : undefined, residual: residual ? inputs[bias ? 3 : 2] : undefined };
}

/** One after another as the ops by themselves, each kept from compilers so that it rounds as they do. */
function steps(
  { activation }: EpilogueAttributes,
  sum: string,
  bias: string | undefined,
  residual: string | undefined,
  kept = 'opaque',
): string[] {
  const lines = [`var y = ${kept}(${sum});`];
  if (bias) lines.push(`y = ${kept}(y + ${bias});`);
  if (activation !== 'none') lines.push(`y = ${kept}(${expressionOf(activation, 'f32', ['y'])});`);
  if (residual) lines.push(`y = y + ${residual};`);
  return lines;
}

/** The epilogue of a shader; `undefined` where addends lie so that it must be done by itself. */
export function epilogueOf(attributes: EpilogueAttributes, { bias, residual }: Addends): Epilogue | undefined {
  const given = [bias, residual].filter((operand) => operand !== undefined);
  if (!given.every(({ view }) => isContiguous(view))) return undefined;
  return {
    key: `${attributes.activation}${bias ? '|bias' : ''}${residual ? '|residual' : ''}`,
    bindings: [...(bias ? [{ name: 'Z', type: 'f32' }] : []), ...(residual ? [{ name: 'R', type: 'f32' }] : [])],
    declare: (at) => `fn finish(sum: f32, column: u32, place: u32) -> f32 {
  ${steps(attributes, 'sum', bias && `Z[${word(at)} + column]`, residual && `R[${word(bias ? at + 1 : at)} + place]`).join('\n  ')}
  return y;
}`,
    words: given.map(({ view }) => view.offset),
    buffers: (runtime) => given.map((operand) => materialize(runtime, bufferOf(operand))),
  };
}

/** The same as a pass of its own over a product that is there, of the dtype that comes of it. */
export function finishAfter(
  runtime: Runtime,
  attributes: EpilogueAttributes,
  product: GpuBuffer,
  { bias, residual }: Addends,
  y: Operand,
): void {
  const { dtype, view } = y;
  const { shape } = view;
  const from: Operand = { buffer: product, dtype, view: contiguousView(shape) };
  const given = [from, ...(bias ? [bias] : []), ...(residual ? [residual] : [])];
  const key = `epilogue|${attributes.activation}|${bias !== undefined}|${residual !== undefined}`;
  mapElements(runtime, key, shape, given.map(numbers), [targetOf(y)], ([sum, first, second]) => ({
    statements: steps(attributes, sum, bias && first, residual && (bias ? second : first), dtype === 'float16' ? 'halfRounded' : 'opaque'),
    results: ['y'],
  }));
}
