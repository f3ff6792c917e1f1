import type { ConvolutionAttributes, Shape } from '@tessera/core';
import { word } from './program.ts';

type Geometry = Pick<ConvolutionAttributes, 'strides' | 'padding' | 'dilation'> & { readonly groups?: number };

const names = [
  ['N', 'D', 'H', 'W', 'C'],
  ['KD', 'KH', 'KW', 'F'],
  ['OD', 'OH', 'OW'],
  ['SD', 'SH', 'SW'],
  ['PD', 'PH', 'PW'],
  ['ED', 'EH', 'EW'],
  ['G'],
].flat();

/** How many parameters a geometry takes, from the first on. */
export const GEOMETRY: number = names.length;

/** The parameters of a convolution behind its geometry: where operands begin, how many terms a part of its sums adds up, and parts. */
export const offsetA: string = word(GEOMETRY + 1);
export const offsetB: string = word(GEOMETRY + 2);
export const span: string = word(GEOMETRY + 3);
export const parts: string = word(GEOMETRY + 4);

/** Names for the parameters of a geometry: N, D, H, W, C of the input; K of the window and F filters; O of the output; strides S, padding
 * before P, dilation E; G groups. */
export const declareGeometry: string = names.map((name, i) => `  let ${name} = ${word(1 + i)};`).join('\n');

/** One, two or three spatial axes seen as three, those in front of length 1. */
const three = (values: readonly number[], filler: number): number[] => [...new Array<number>(3 - values.length).fill(filler), ...values];

/** The parameters of a geometry. */
export function geometryWords(
  x: Shape,
  window: readonly number[],
  filters: number,
  y: Shape,
  { strides, padding, dilation, groups }: Geometry,
): number[] {
  const before = padding.map(([first]) => first);
  return [
    [x[0], ...three(x.slice(1, -1), 1), x.at(-1)!],
    [...three(window, 1), filters],
    three(y.slice(1, -1), 1),
    three(strides, 1),
    three(before, 0),
    three(dilation, 1),
    [groups ?? 1],
  ].flat();
}

/** What came to an input through a place of the window: the output (i + before − k·dilation) / stride, where that is one. */
export const outputAt = (i: number, axis: string, tap: string): string =>
  `let g${axis}${i} = ${axis.toLowerCase()}${i} + P${axis} - ${tap} * E${axis}; let o${axis}${i} = g${axis}${i} / S${axis};`;
