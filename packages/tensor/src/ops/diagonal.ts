import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { less, lessEqual, where } from './elementwise.ts';
import { moveAxis, reshape } from './movement.ts';
import { slab } from './slab.ts';

/** Row and column numbers of a matrix that broadcast against its last two axes. */
function rowsAndColumns(x: Tensor): [rows: Tensor, columns: Tensor] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const count = (length: number): Tensor =>
    run('cumsum', [run('fill', [], { value: 1, shape: [length], dtype: 'int32' }, x.device)[0]!], { axis: 0 })[0]!;
  return [reshape(count(m), [m, 1]), reshape(count(n), [1, n])];
}

/** The elements on and below the k-th diagonal of the last two axes; zero elsewhere. */
export const tril: (x: Tensor, k?: number) => Tensor = op('tril', (x, k = 0) => {
  const [rows, columns] = rowsAndColumns(x);
  return where(lessEqual(columns.sub(rows), k), x, 0);
});

/** The elements on and above the k-th diagonal of the last two axes; zero elsewhere. */
export const triu: (x: Tensor, k?: number) => Tensor = op('triu', (x, k = 0) => {
  const [rows, columns] = rowsAndColumns(x);
  return where(less(columns.sub(rows), k), 0, x);
});

/** The k-th diagonal of the plane of two axes, as the last axis. */
export const diagonal: (x: Tensor, k?: number, a?: number, b?: number) => Tensor = op('diagonal', (x, k = 0, a = 0, b = 1) => {
  const plane = moveAxis(x, [a, b], [-2, -1]);
  const [m, n] = plane.shape.slice(-2) as [number, number];
  const [row, column] = [Math.max(0, -k), Math.max(0, k)];
  const count = Math.max(0, Math.min(m - row, n - column));
  const lead = plane.shape.slice(0, -2);
  if (count === 0) return reshape(slab(reshape(plane, [...lead, m * n]), lead.length, 0, 0), [...lead, 0]);
  const flat = reshape(plane, [...lead, m * n]);
  return run('slice', [flat], {
    starts: [...lead.map(() => 0), row * n + column],
    steps: [...lead.map(() => 1), n + 1],
    shape: [...lead, count],
  })[0]!;
});

/** A matrix with the vector (or the last axis) on its k-th diagonal. */
export const diagEmbed: (x: Tensor, k?: number) => Tensor = op('diagEmbed', (x, k = 0) => {
  const n = x.shape.at(-1)!;
  const side = n + Math.abs(k);
  const lead = x.shape.slice(0, -1);
  const edges = (last: readonly [number, number]): (readonly [number, number])[] => [...lead.map((): [number, number] => [0, 0]), last];
  const offset = k >= 0 ? k : -k * side;
  const interior = [...lead.map(() => 0), side];
  const length = n === 0 ? 0 : (n - 1) * (side + 1) + 1;
  const flat = run('pad', [x], { edges: edges([offset, side * side - length - offset]), interior, value: 0 })[0]!;
  return reshape(flat, [...lead, side, side]);
});

/** Of a vector the matrix with it on the k-th diagonal; of a matrix its k-th diagonal. */
export const diag: (x: Tensor, k?: number) => Tensor = op('diag', (x, k = 0) => (x.rank === 1 ? diagEmbed(x, k) : diagonal(x, k)));

/** Σ of the diagonal of a matrix. */
export const trace: (x: Tensor) => Tensor = op('trace', (x) => diagonal(x).sum(-1));
