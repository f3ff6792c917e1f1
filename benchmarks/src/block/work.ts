import { type Filled, filler } from '../filled.ts';

/** A Transformer block that normalises first: attention and two dense layers with gelu, each with a residual connection. */
export interface Block {
  readonly x: Filled;
  /** What the squared error of a step is taken from. */
  readonly target: Filled;
  /** Scale and shift of both normalisations; kernel and bias of query, key, value, output, and of both dense layers. */
  readonly parameters: readonly Filled[];
}

export const batch = 8;
export const time = 128;
export const width = 256;
export const heads = 8;
const inner = 1024;
export const epsilon = 1e-5;

export function makeBlock(): Block {
  const fill = filler();
  const ones = (shape: number[]): Filled => ({ shape, data: fill(shape, 0).data.fill(1) });
  const dense = (from: number, to: number): Filled[] => [fill([from, to], 1 / Math.sqrt(from)), fill([to], 0.01)];
  return {
    x: fill([batch, time, width], 1),
    target: fill([batch, time, width], 1),
    parameters: [
      ones([width]),
      fill([width], 0),
      ones([width]),
      fill([width], 0),
      ...[0, 1, 2, 3].flatMap(() => dense(width, width)),
      ...[dense(width, inner), dense(inner, width)].flat(),
    ],
  };
}
