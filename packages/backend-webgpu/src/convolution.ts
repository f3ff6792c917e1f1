import {
  type ConvolutionAttributes,
  type ConvolutionEpilogueAttributes,
  type Kernel,
  type Kernels,
  type Operand,
  type Shape,
  sizeOf,
} from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { addendsOf, type Epilogue, epilogueOf, finishAfter, plain } from './epilogue.ts';
import { fillWords, materialize } from './fill.ts';
import { GEOMETRY, geometryWords } from './geometry.ts';
import type { GpuBuffer } from './memory.ts';
import { floatsIn, foldInto } from './reduction.ts';
import { loneForward, registerBackward, registerForward, registerKernelGradient, type Vectors } from './register-convolution.ts';
import { BUSY } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { tiledBackward, tiledForward, tiledKernelGradient } from './tiled-convolution.ts';
import { TILE_WORKGROUP, type Tile, tiledMain, tileMemory, tilingOf } from './tiles.ts';

const WORKGROUP = 64;
/** The least that is summed before sums over positions are divided. */
const LEAST_SPAN = 64;
const WORDS = GEOMETRY + 5;

type Names = 'convolution' | 'convolutionInputGradient' | 'convolutionKernelGradient';

const registers = {
  convolution: registerForward,
  convolutionInputGradient: registerBackward,
  convolutionKernelGradient: registerKernelGradient,
};
const tiled = { convolution: tiledForward, convolutionInputGradient: tiledBackward, convolutionKernelGradient: tiledKernelGradient };

/** The shapes of a convolution: its input, its kernel, its output. */
interface Shapes extends ConvolutionAttributes {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
}

/** A convolution as products of matrices, one for each group. */
function productOf(op: Names, { x, w, y, groups }: Shapes): readonly [rows: number, columns: number, terms: number] {
  const [channels, F] = w.slice(-2);
  const filters = F / groups;
  const places = sizeOf(w.slice(0, -2));
  if (op === 'convolution') return [sizeOf(y) / F, filters, places * channels];
  if (op === 'convolutionInputGradient') return [sizeOf(x) / x.at(-1)!, channels, places * filters];
  return [places * channels, filters, sizeOf(y) / F];
}

/** How the work is divided. */
interface Division {
  /** Where it is done in workgroup memory. */
  readonly tile?: Tile;
  /** Where each invocation computes one output: groups of few filters. */
  readonly lone: boolean;
  readonly vectors: Vectors;
  /** Into how many parts sums are divided. */
  readonly parts: number;
  readonly workgroups: number;
}

function vectorsOf(op: Names, { x, w, groups }: Shapes, a: number, b: number): Vectors {
  const aligned = (...numbers: number[]): boolean => numbers.every((n) => n % 4 === 0);
  const [channels, F] = w.slice(-2);
  const byInputs = aligned(x.at(-1)!, channels);
  const byFilters = aligned(F, F / groups);
  if (op === 'convolutionInputGradient') return { a: byFilters && aligned(a, b), b: byFilters && aligned(a, b) };
  return { a: byInputs && aligned(a), b: byFilters && aligned(b) };
}

export function convolution(
  runtime: Runtime,
): Pick<Kernels, Names> & { readonly convolutionEpilogue: Kernel<ConvolutionEpilogueAttributes> } {
  const divide = (op: Names, shapes: Shapes, a: number, b: number): Division => {
    const { groups, y } = shapes;
    const [rows, columns, terms] = productOf(op, shapes);
    const none = { a: false, b: false };
    const lone = op === 'convolution' && groups > 1 && columns < 4;
    if (lone) return { lone, vectors: none, parts: 1, workgroups: Math.ceil(sizeOf(y) / WORKGROUP) };
    const vectors = vectorsOf(op, shapes, a, b);
    const tiling = runtime.tiles === 'workgroup' && vectors.a && vectors.b ? tilingOf(rows, columns, terms, groups) : undefined;
    if (tiling) return { ...tiling, lone, vectors };
    const tiles = Math.ceil(rows / 4) * Math.ceil(columns / 4) * groups;
    const most = op === 'convolutionKernelGradient' ? Math.min(Math.floor(BUSY / tiles), Math.ceil(terms / LEAST_SPAN)) : 1;
    const parts = Math.max(1, most);
    return { lone, vectors, parts, workgroups: Math.ceil((tiles * parts) / WORKGROUP) };
  };

  const run = (op: Names, shapes: Shapes, a: Operand, b: Operand, size: number, into: GpuBuffer, epilogue: Epilogue = plain): void => {
    const { x, w, y } = shapes;
    for (const shape of [x, y, w]) indexable(op, shape);
    if (size === 0) return;
    if ([x, y, w].some((shape) => sizeOf(shape) === 0)) {
      fillWords(runtime, into, size * 4, 0, 'float32');
      return;
    }
    const [A, B] = [a.view.offset, b.view.offset];
    const { tile, lone, vectors, parts, workgroups } = divide(op, shapes, A, B);
    const [, , terms] = productOf(op, shapes);
    const target = parts > 1 ? runtime.temporary(size * parts * 4) : into;
    const words = [
      ...geometryWords(x, w.slice(0, -2), w.at(-1)!, y, shapes),
      A,
      B,
      Math.ceil(terms / parts / 4) * 4,
      parts,
      ...epilogue.words,
    ];
    const program = runtime.program(`${op}|${lone}|${vectors.a}|${vectors.b}|${epilogue.key}|${tile?.rows}`, () => ({
      bindings: [
        { name: 'A', type: vectors.a ? 'vec4<f32>' : 'f32' },
        { name: 'B', type: vectors.b ? 'vec4<f32>' : 'f32' },
        ...epilogue.bindings,
        { name: 'Y', type: 'f32', writes: true },
      ],
      words: words.length + 1,
      workgroup: tile ? TILE_WORKGROUP : WORKGROUP,
      declarations: [op === 'convolution' ? epilogue.declare(WORDS) : '', tile ? tileMemory(tile) : ''].join('\n'),
      main: tile ? tiledMain(tile, tiled[op]) : lone ? loneForward : registers[op](vectors),
    }));
    const given = [materialize(runtime, bufferOf(a)), materialize(runtime, bufferOf(b)), ...epilogue.buffers(runtime)];
    runtime.run(program, [...given, target], words, workgroups);
    if (parts > 1) foldInto(runtime, 'sum', floatsIn(target, [parts, size]), [0], into);
  };
  return {
    convolutionEpilogue(inputs, attributes, [y]) {
      const [x, w] = inputs;
      const shapes = { ...attributes, x: x.view.shape, w: w.view.shape, y: y.view.shape };
      const addends = addendsOf(inputs, attributes);
      const size = sizeOf(shapes.y);
      const finishes = sizeOf(shapes.x) * sizeOf(shapes.w) > 0 && divide('convolution', shapes, x.view.offset, w.view.offset).parts === 1;
      const epilogue = finishes ? epilogueOf(attributes, addends) : undefined;
      const into = epilogue ? bufferOf(y) : runtime.temporary(size * 4);
      run('convolution', shapes, x, w, size, into, epilogue);
      if (!epilogue) finishAfter(runtime, attributes, into, addends, y);
    },
    convolution([x, w], geometry, [y]) {
      const shapes = { ...geometry, x: x.view.shape, w: w.view.shape, y: y.view.shape };
      run('convolution', shapes, x, w, sizeOf(shapes.y), bufferOf(y));
    },
    convolutionInputGradient([dy, w], geometry, [dx]) {
      const shapes = { ...geometry, x: dx.view.shape, w: w.view.shape, y: dy.view.shape };
      run('convolutionInputGradient', shapes, dy, w, sizeOf(shapes.x), bufferOf(dx));
    },
    convolutionKernelGradient([x, dy], geometry, [dw]) {
      const shapes = { ...geometry, x: x.view.shape, w: dw.view.shape, y: dy.view.shape };
      run('convolutionKernelGradient', shapes, x, dy, sizeOf(shapes.w), bufferOf(dw));
    },
  };
}
