import { broadcastView, type EpilogueAttributes, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, type Cells, numbers } from './cells.ts';
import { addendsOf, type Epilogue, epilogueOf, finishAfter, plain } from './epilogue.ts';
import { fillWords, materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { word } from './program.ts';
import { floatsIn, foldInto, placeFunction, placeWords } from './reduction.ts';
import type { Runtime } from './runtime.ts';

/** Rows and columns of the product that an invocation keeps in registers. */
const TILE = 4;
const WORKGROUP = 64;
/** Fewer invocations than this leave a device idle: long sums are then divided. */
const BUSY = 4096;
const LEAST_SPAN = 256;

/** Along which axis four neighbours can be read at once: rows (m or n), the summed one (k), or none. */
type Vector = 'outer' | 'inner' | 'none';

function vectorOf(cells: Cells, outer: number, inner: number): Vector {
  const { strides, offset } = cells.view;
  const [so, si] = [strides.at(outer)!, strides.at(inner)!];
  const aligned = (fast: number, slow: number): boolean =>
    fast === 1 && slow % 4 === 0 && offset % 4 === 0 && strides.slice(0, -2).every((stride) => stride % 4 === 0);
  if (aligned(si, so) && cells.view.shape.at(inner)! % 4 === 0) return 'inner';
  return aligned(so, si) && cells.view.shape.at(outer)! % 4 === 0 ? 'outer' : 'none';
}

/** Reads a 4 × 4 tile of an operand as four vectors named `name0` to `name3`: `outer` runs along them if `across`. */
function loadTile(name: string, vector: Vector, across: boolean): string {
  const binding = name.toUpperCase();
  const outerStride = name === 'a' ? word(6) : word(9);
  const innerStride = name === 'a' ? word(7) : word(8);
  const limit = name === 'a' ? 'M' : 'N';
  const at = name === 'a' ? 'm' : 'n';
  const base = `base${binding}`;
  const lines: string[] = [];
  for (let j = 0; j < 4; j++) {
    // Rows beyond the end are read as the last one and never written.
    const outer = `min(${at} + ${j}u, ${limit} - 1u)`;
    if (vector === 'inner') lines.push(`let ${name}${j} = ${binding}[(${base} + ${outer} * ${outerStride} + k) >> 2u];`);
    else if (vector === 'outer') lines.push(`let ${name}${j} = ${binding}[(${base} + (k + ${j}u) * ${innerStride} + ${at}) >> 2u];`);
    else if (across) {
      const place = (i: number): string =>
        `${binding}[${base} + (k + ${j}u) * ${innerStride} + min(${at} + ${i}u, ${limit} - 1u) * ${outerStride}]`;
      lines.push(`let ${name}${j} = vec4<f32>(${[0, 1, 2, 3].map(place).join(', ')});`);
    } else {
      const place = (i: number): string => `${binding}[${base} + ${outer} * ${outerStride} + (k + ${i}u) * ${innerStride}]`;
      lines.push(`let ${name}${j} = vec4<f32>(${[0, 1, 2, 3].map(place).join(', ')});`);
    }
  }
  return lines.join('\n    ');
}

/** c[i] += Σ a·b over four places k, by how the tiles lie. Rows of the product are vectors along n. */
function multiply(a: Vector, b: Vector): string {
  const lines: string[] = [];
  for (let i = 0; i < 4; i++) {
    const x = (k: number): string => (a === 'outer' ? `a${k}[${i}]` : `a${i}[${k}]`);
    if (b === 'inner') {
      const row = a === 'outer' ? `vec4<f32>(${[0, 1, 2, 3].map((k) => x(k)).join(', ')})` : `a${i}`;
      lines.push(`c${i} = c${i} + vec4<f32>(${[0, 1, 2, 3].map((j) => `dot(${row}, b${j})`).join(', ')});`);
    } else {
      for (let k = 0; k < 4; k++) lines.push(`c${i} = fma(vec4<f32>(${x(k)}), b${k}, c${i});`);
    }
  }
  return lines.join('\n    ');
}

/** The sums left where K is no multiple of four, one k at a time. */
const tail = (a: Vector, b: Vector): string => {
  const at = (binding: string, vector: Vector, index: string): string =>
    vector === 'none' ? `${binding}[${index}]` : `${binding}[(${index}) >> 2u][(${index}) & 3u]`;
  const x = (i: number): string => at('A', a, `baseA + min(m + ${i}u, M - 1u) * ${word(6)} + k * ${word(7)}`);
  const y = (j: number): string => at('B', b, `baseB + k * ${word(8)} + min(n + ${j}u, N - 1u) * ${word(9)}`);
  return `for (; k < last; k++) {
    let b = vec4<f32>(${[0, 1, 2, 3].map(y).join(', ')});
    ${[0, 1, 2, 3].map((i) => `c${i} = c${i} + ${x(i)} * b;`).join('\n    ')}
  }`;
};

export function matmul(runtime: Runtime): Pick<Kernels, 'matmul'> & { readonly matmulEpilogue: Kernel<EpilogueAttributes> } {
  /** Into how many parts the sums of a product are divided. */
  const partsOf = (K: number, { shape }: Operand['view']): number => {
    const tiles = Math.ceil(shape.at(-2)! / TILE) * Math.ceil(shape.at(-1)! / TILE) * sizeOf(shape.slice(0, -2));
    return Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.ceil(K / LEAST_SPAN)));
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
    const tiles = Math.ceil(M / TILE) * Math.ceil(N / TILE) * batches;
    const parts = integer ? 1 : partsOf(K, y.view);
    const span = Math.ceil(K / parts / 4) * 4;
    const target = parts > 1 ? runtime.temporary(size * parts * 4) : into;
    const leads = [lead(A), lead(B)].map((strides) => ({ lengths: batch, strides }));
    const [rowA, columnA] = A.view.strides.slice(-2);
    const [rowB, columnB] = B.view.strides.slice(-2);
    const words = [M, N, K, A.view.offset, B.view.offset, rowA, columnA, rowB, columnB, batches, span, parts].concat(
      ...leads.map(placeWords),
    );
    const rank = batch.length;
    const finishes = words.push(...epilogue.words) - epilogue.words.length + 1;
    const scalar = A.scalar;
    const starts = `  let M = ${word(1)};
  let N = ${word(2)};
  let K = ${word(3)};`;
    const program = runtime.program(`matmul|${scalar}|${va}|${vb}|${rank}|${epilogue.key}`, () => ({
      bindings: [
        { name: 'A', type: va === 'none' ? scalar : 'vec4<f32>' },
        { name: 'B', type: vb === 'none' ? scalar : 'vec4<f32>' },
        ...epilogue.bindings,
        { name: 'Y', type: scalar, writes: true },
      ],
      words: words.length + 1,
      workgroup: WORKGROUP,
      declarations: [placeFunction('startA', rank, 13), placeFunction('startB', rank, 13 + rank * 2), epilogue.declare(finishes)].join(
        '\n',
      ),
      main: integer
        ? `${starts}
  if (t >= M * N * ${word(10)}) { return; }
  let n = t % N;
  let m = t / N % M;
  let matrix = t / N / M;
  let baseA = ${word(4)} + startA(matrix) + m * ${word(6)};
  let baseB = ${word(5)} + startB(matrix) + n * ${word(9)};
  var sum = 0;
  for (var k = 0u; k < K; k++) { sum = sum + A[baseA + k * ${word(7)}] * B[baseB + k * ${word(8)}]; }
  Y[t] = sum;`
        : `${starts}
  let columns = (N + 3u) >> 2u;
  let rows = (M + 3u) >> 2u;
  let each = columns * rows * ${word(10)};
  if (t >= each * ${word(12)}) { return; }
  let part = t / each;
  let tile = t % each;
  let n = tile % columns * 4u;
  let m = tile / columns % rows * 4u;
  let matrix = tile / columns / rows;
  let baseA = ${word(4)} + startA(matrix);
  let baseB = ${word(5)} + startB(matrix);
  var c0 = vec4<f32>(0.0); var c1 = c0; var c2 = c0; var c3 = c0;
  var k = part * ${word(11)};
  let last = min(k + ${word(11)}, K);
  let whole = last & ~3u;
  for (; k < whole; k = k + 4u) {
    ${loadTile('a', va, false)}
    ${loadTile('b', vb, true)}
    ${multiply(va, vb)}
  }
  ${tail(va, vb)}
  let to = (part * ${word(10)} + matrix) * M * N + m * N + n;
  ${[0, 1, 2, 3].map((i) => `if (m + ${i}u < M) { for (var j = 0u; j < min(4u, N - n); j++) { Y[to + ${i}u * N + j] = finish(c${i}[j], n + j, to + ${i}u * N + j); } }`).join('\n  ')}`,
    }));
    const buffers = [materialize(runtime, A.buffer), materialize(runtime, B.buffer), ...epilogue.buffers(runtime), target];
    runtime.run(program, buffers, words, Math.ceil((integer ? size : tiles * parts) / WORKGROUP));
    if (parts > 1) foldInto(runtime, 'sum', floatsIn(target, [parts, size]), [0], into);
  };
  return {
    matmulEpilogue(inputs, attributes, [y]) {
      const [a, b] = inputs;
      const K = a.view.shape.at(-1)!;
      const size = indexable('matmulEpilogue', y.view.shape);
      if (size === 0) return;
      const addends = addendsOf(inputs, attributes);
      const epilogue = K > 0 && partsOf(K, y.view) === 1 ? epilogueOf(attributes, addends) : undefined;
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
