import { type AveragePoolAttributes, type ConvolutionAttributes, formatShape, type PoolingAttributes, ShapeError } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { asFloat, promote } from './promote.ts';

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[];
/** `'same'` (outputs ⌈S/stride⌉), `'valid'` (none), a number, or numbers or [before, after] for each spatial axis. */
export type Padding = 'same' | 'valid' | number | readonly (number | readonly [number, number])[];

/** Options of {@link conv}. */
export interface ConvolutionOptions {
  readonly strides?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  readonly groups?: number;
}

/** Options of {@link convTranspose}. */
export interface ConvTransposeOptions extends ConvolutionOptions {
  /** Added after each spatial axis of the output, to choose among the sizes that a stride allows. */
  readonly outputPadding?: PerAxis;
}

/** Options of {@link maxPool}. */
export interface PoolingOptions {
  /** The step from window to window; the window's size by default. */
  readonly strides?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  /** Whether a last, incomplete window counts (default `false`). */
  readonly ceilMode?: boolean;
}

/** Options of {@link averagePool}. */
export interface AveragePoolingOptions extends PoolingOptions {
  /** Whether padding counts among what is averaged (default `false`, as Keras; PyTorch's default is `true`). */
  readonly countIncludePadding?: boolean;
}

const perAxis = (value: PerAxis, rank: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : value;

/** The padding of each spatial axis in numbers. */
export function resolvePadding(
  where: string,
  padding: Padding,
  size: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilation: readonly number[],
): [number, number][] {
  if (padding === 'valid') return size.map(() => [0, 0]);
  if (padding === 'same') {
    return size.map((length, axis) => {
      const span = (Math.ceil(length / strides[axis]!) - 1) * strides[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1;
      const total = Math.max(0, span - length);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  if (typeof padding === 'number') return size.map(() => [padding, padding]);
  if (!Array.isArray(padding) || padding.length !== size.length) {
    throw new ShapeError(
      `[${where}] padding must be 'same', 'valid', a number or one entry for each of ${size.length} spatial axes: got ${JSON.stringify(padding)}`,
    );
  }
  return (padding as readonly (number | readonly [number, number])[]).map((edge) =>
    typeof edge === 'number' ? [edge, edge] : [edge[0], edge[1]],
  );
}

/**
 * y[n, s, f] = Σ x[n, s·stride + k·dilation − padding, c] · kernel[k, c, f], over as many spatial axes as there are.
 *
 * Shapes: x `[N, ...S, C]`, kernel `[...K, C/groups, F]` → `[N, ...S', F]`.
 *
 * @throws ShapeError if channels, groups or ranks do not fit.
 */
export const conv: (x: Tensor, kernel: Tensor, options?: ConvolutionOptions) => Tensor = op(
  'conv',
  (x, kernel, { strides = 1, padding = 'valid', dilation = 1, groups = 1 } = {}) => {
    const rank = kernel.rank - 2;
    if (rank < 1 || x.rank !== kernel.rank) {
      throw new ShapeError(
        `[conv] input [N, ...S, C] and kernel [...K, C/groups, F] must have as many axes: got ${formatShape(x.shape)} and ${formatShape(kernel.shape)}`,
      );
    }
    const [steps, spread] = [perAxis(strides, rank), perAxis(dilation, rank)];
    const edges = resolvePadding('conv', padding, x.shape.slice(1, -1), kernel.shape.slice(0, -2), steps, spread);
    const attributes: ConvolutionAttributes = { strides: steps, padding: edges, dilation: spread, groups };
    return run('convolution', promote('conv', [x, kernel]), attributes)[0]!;
  },
);

/**
 * The adjoint of {@link conv} in its input, also known as deconvolution.
 *
 * Shapes: x `[N, ...S, C]`, kernel `[...K, F/groups, C]` → `[N, ...S', F]` with S' = (S − 1)·stride + dilation·(K − 1) + 1 − padding + outputPadding.
 */
export const convTranspose: (x: Tensor, kernel: Tensor, options?: ConvTransposeOptions) => Tensor = op(
  'convTranspose',
  (x, kernel, { strides = 1, padding = 'valid', dilation = 1, groups = 1, outputPadding = 0 } = {}) => {
    const rank = kernel.rank - 2;
    const [steps, spread, extra] = [perAxis(strides, rank), perAxis(dilation, rank), perAxis(outputPadding, rank)];
    const span = (axis: number): number => spread[axis]! * (kernel.shape[axis]! - 1) + 1;
    const full = x.shape.slice(1, -1).map((length, axis) => (length - 1) * steps[axis]! + span(axis));
    const same = full.map((_, axis): [number, number] => {
      const total = Math.max(0, span(axis) - steps[axis]!);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    const edges = padding === 'same' ? same : resolvePadding('convTranspose', padding, full, kernel.shape.slice(0, -2), steps, spread);
    const inputSize = full.map((length, axis) => length - edges[axis]![0] - edges[axis]![1] + extra[axis]!);
    const attributes = { strides: steps, padding: edges, dilation: spread, groups, inputSize };
    return run('convolutionInputGradient', promote('convTranspose', [x, kernel]), attributes)[0]!;
  },
);

function pooling(where: string, x: Tensor, size: PerAxis, options: PoolingOptions): { attributes: PoolingAttributes; overhang: number[] } {
  const rank = x.rank - 2;
  const window = perAxis(size, rank);
  const strides = perAxis(options.strides ?? size, rank);
  const dilation = perAxis(options.dilation ?? 1, rank);
  const spatial = x.shape.slice(1, -1);
  const edges = resolvePadding(where, options.padding ?? 'valid', spatial, window, strides, dilation);
  // With ceil mode the last window may hang over the end, but must start inside the input or its left padding.
  const overhang = spatial.map((length, axis) => {
    if (!options.ceilMode) return 0;
    const [before, after] = edges[axis]!;
    const room = length + before + after - dilation[axis]! * (window[axis]! - 1) - 1;
    let last = Math.ceil(room / strides[axis]!) * strides[axis]!;
    if (last >= length + before) last -= strides[axis]!;
    return Math.max(0, last - room);
  });
  const padding = edges.map(([before, after], axis): [number, number] => [before, after + overhang[axis]!]);
  return { attributes: { size: window, strides, padding, dilation }, overhang };
}

/** The largest element of each window; padding counts as −∞. Shapes: x `[N, ...S, C]` → `[N, ...S', C]`. */
export const maxPool: (x: Tensor, size: PerAxis, options?: PoolingOptions) => Tensor = op(
  'maxPool',
  (x, size, options = {}) => run(composites.maxPool, [x], pooling('maxPool', x, size, options).attributes)[0]!,
);

/** The mean of each window. Shapes: x `[N, ...S, C]` → `[N, ...S', C]`. */
export const averagePool: (x: Tensor, size: PerAxis, options?: AveragePoolingOptions) => Tensor = op(
  'averagePool',
  (x, size, { countIncludePadding = false, ...options } = {}) => {
    const { attributes, overhang } = pooling('averagePool', x, size, options);
    const input = asFloat(x);
    if (!countIncludePadding || overhang.every((n) => n === 0)) {
      const all: AveragePoolAttributes = { ...attributes, countIncludePadding };
      return run(composites.averagePool, [input], all)[0]!;
    }
    // The overhang of ceil mode never counts: pad by hand, then let only the overhang be left out.
    const inner = attributes.padding.map(([before, after], axis): [number, number] => [before, after - overhang[axis]!]);
    const padded = input.pad([[0, 0], ...inner, [0, 0]]);
    const outer = overhang.map((after): [number, number] => [0, after]);
    return run(composites.averagePool, [padded], { ...attributes, padding: outer, countIncludePadding: false })[0]!;
  },
);
