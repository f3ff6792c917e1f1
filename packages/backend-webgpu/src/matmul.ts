import { broadcastView, type EpilogueAttributes, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, type Cells, numbers } from './cells.ts';
import { targetOf } from './elementwise.ts';
import { addendsOf, type Epilogue, epilogueOf, finishAfter, plain } from './epilogue.ts';
import { fillWords, materialize } from './fill.ts';
import { mapElements } from './map.ts';
import type { GpuBuffer } from './memory.ts';
import { floatsIn, foldInto, placeFunction, placeWords } from './reduction.ts';
import { integerMatmul, registerMatmul } from './register-matmul.ts';
import type { Runtime } from './runtime.ts';
import { tiledMatmul, type Vector } from './tiled-matmul.ts';
import { type Tile, TILE_WORKGROUP, tiledMain, tileMemory, tilingOf } from './tiles.ts';

/** Rows and columns of the product that an invocation keeps in registers. */
const TILE = 4;
const WORKGROUP = 64;
/** Fewer invocations than this leave a device idle: long sums are then divided. */
const BUSY = 4096;
const LEAST_SPAN = 256;

function vectorOf(cells: Cells, outer: number, inner: number): Vector {
  const { strides, offset } = cells.view;
  const [so, si] = [strides.at(outer)!, strides.at(inner)!];
  const aligned = (fast: number, slow: number): boolean =>
    fast === 1 && slow % 4 === 0 && offset % 4 === 0 && strides.slice(0, -2).every((stride) => stride % 4 === 0);
  if (aligned(si, so) && cells.view.shape.at(inner)! % 4 === 0) return 'inner';
  return aligned(so, si) && cells.view.shape.at(outer)! % 4 === 0 ? 'outer' : 'none';
}

export function matmul(runtime: Runtime): Pick<Kernels, 'matmul'> & { readonly matmulEpilogue: Kernel<EpilogueAttributes> } {
  /** Into how many parts the sums of a product are divided, and by how many workgroups it is done: in tiles, or 4 × 4 by each invocation. */
  const divided = (K: number, { shape }: Operand['view'], integer = false): { parts: number; workgroups: number; tile?: Tile } => {
    const [M, N] = shape.slice(-2);
    const batches = sizeOf(shape.slice(0, -2));
    const tiling = runtime.tiles === 'workgroup' && !integer ? tilingOf(M, N, K, batches) : undefined;
    if (tiling) return tiling;
    const tiles = Math.ceil(M / TILE) * Math.ceil(N / TILE) * batches;
    const parts = integer ? 1 : Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.ceil(K / LEAST_SPAN)));
    return { parts, workgroups: Math.ceil((integer ? sizeOf(shape) : tiles * parts) / WORKGROUP) };
  };
  const product = (a: Operand, b: Operand, y: Operand, into: GpuBuffer, epilogue: Epilogue): void => {
    const [A, B] = [numbers(a), numbers(b)];
    const batch = y.view.shape.slice(0, -2);
    const [M, N] = y.view.shape.slice(-2);
    const K = a.view.shape.at(-1)!;
    const size = indexable('matmul', y.view.shape);
    const batches = sizeOf(batch);
    const lead = ({ view: { shape, strides } }: Cells): readonly number[] =>
      broadcastView({ shape: shape.slice(0, -2), strides: strides.slice(0, -2), offset: 0 }, batch).strides;
    const integer = a.dtype === 'int32';
    const [va, vb]: Vector[] = integer ? ['none', 'none'] : [vectorOf(A, -2, -1), vectorOf(B, -1, -2)];
    const { parts, workgroups, tile } = divided(K, y.view, integer);
    const span = Math.ceil(K / parts / 4) * 4;
    const target = parts > 1 ? runtime.temporary(size * parts * 4) : into;
    const leads = [lead(A), lead(B)].map((strides) => ({ lengths: batch, strides }));
    const [rowA, columnA] = A.view.strides.slice(-2);
    const [rowB, columnB] = B.view.strides.slice(-2);
    const words = [M, N, K, A.view.offset, B.view.offset, rowA, columnA, rowB, columnB, batches, span, parts].concat(
      ...leads.map(placeWords),
    );
    const rank = batch.length;
    const epilogueAt = words.length + 1;
    words.push(...epilogue.words);
    const { scalar } = A;
    const half = A.bytes === 2;
    const stores = half && parts === 1;
    const element = half ? 'f16' : scalar;
    const stored = (value: string): string => (stores ? `f16OfFloat(${value})` : value);
    const program = runtime.program(`matmul|${element}|${stores}|${va}|${vb}|${rank}|${epilogue.key}|${tile?.rows}`, () => ({
      bindings: [
        { name: 'A', type: va === 'none' ? element : `vec4<${element}>` },
        { name: 'B', type: vb === 'none' ? element : `vec4<${element}>` },
        ...epilogue.bindings,
        { name: 'Y', type: stores ? element : scalar, writes: true },
      ],
      words: words.length + 1,
      workgroup: tile ? TILE_WORKGROUP : WORKGROUP,
      declarations: [
        placeFunction('startA', rank, 13),
        placeFunction('startB', rank, 13 + rank * 2),
        epilogue.declare(epilogueAt),
        tile ? tileMemory(tile) : '',
      ].join('\n'),
      main: tile ? tiledMain(tile, tiledMatmul(va, vb, stored)) : integer ? integerMatmul : registerMatmul(va, vb, stored),
    }));
    const buffers = [materialize(runtime, A.buffer), materialize(runtime, B.buffer), ...epilogue.buffers(runtime), target];
    runtime.run(program, buffers, words, workgroups);
    if (parts === 1) return;
    const sums = half ? runtime.temporary(size * 4) : into;
    foldInto(runtime, 'sum', floatsIn(target, [parts, size]), [0], sums);
    if (half)
      mapElements(runtime, 'matmul|half', [size], [numbers(floatsIn(sums, [size]))], [targetOf(y)], (values) => ({ results: values }));
  };
  return {
    matmulEpilogue(inputs, attributes, [y]) {
      const [a, b] = inputs;
      const K = a.view.shape.at(-1)!;
      const size = indexable('matmulEpilogue', y.view.shape);
      if (size === 0) return;
      const addends = addendsOf(inputs, attributes);
      const epilogue = K > 0 && divided(K, y.view).parts === 1 ? epilogueOf(attributes, addends) : undefined;
      if (epilogue) return product(a, b, y, bufferOf(y), epilogue);
      const sums = runtime.temporary(size * 4);
      if (K === 0) fillWords(runtime, sums, size * 4, 0, y.dtype);
      else product(a, b, y, sums, plain);
      finishAfter(runtime, attributes, sums, addends, y);
    },
    matmul([a, b], _, [y]) {
      if (sizeOf(y.view.shape) === 0) return;
      if (a.view.shape.at(-1) === 0) fillWords(runtime, bufferOf(y), sizeOf(y.view.shape) * 4, 0, y.dtype);
      else product(a, b, y, bufferOf(y), plain);
    },
  };
}
