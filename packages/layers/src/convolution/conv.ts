import { UsageError } from '@tessera/core';
import { conv, type Padding, pad, type PadMode, resolvePadding, type Tensor, type Variable } from '@tessera/tensor';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, oneOf } from '../options/rows.ts';
import {
  createKernel,
  finish,
  type KernelConfig,
  type KernelOptions,
  kernelRows,
  type KernelVariables,
  perAxis,
  type Unset,
} from './kernel.ts';

/** Options of {@link Conv1D}, {@link Conv2D} and {@link Conv3D}. */
export interface ConvOptions extends KernelOptions {
  /** What is read beyond the border (default `'constant'`: zeros). */
  readonly paddingMode?: PadMode | undefined;
  /** Default 1. */
  readonly groups?: number | undefined;
}

/** All that a convolution is told. */
export type ConvConfig = ConvOptions & KernelConfig & { readonly filters: number };

type Resolution = Resolved<ConvConfig, Unset>;

/** The rows of a convolution over so many spatial axes. */
/* @__NO_SIDE_EFFECTS__ */
export function convRows(axes: number): Options<ConvConfig> {
  return {
    ...kernelRows(axes),
    filters: count(),
    paddingMode: oneOf<PadMode>(['constant', 'reflect', 'replicate', 'circular'], 'constant'),
    groups: count(1),
  };
}

/**
 * The kernel `[...K, C/groups, filters]` and the bias of a convolution.
 *
 * @throws UsageError if the channels or the filters cannot be divided into the groups.
 */
export function createConv(layer: string, options: Resolution, { shape }: TensorSpec): KernelVariables {
  const { filters, groups } = options;
  const channels = shape.at(-1)!;
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new UsageError(
      `[${layer}] channels and filters must be multiples of groups: got ${channels} and ${filters} with groups ${groups}`,
    );
  }
  return createKernel(options, shape, [channels / groups, filters], filters);
}

/** activation(x ∗ W + b) */
export function convolve(x: Tensor, kernel: Variable, bias: Variable | undefined, options: Resolution): Tensor {
  const { strides, groups, dilationRate: dilation } = options;
  const [input, padding] = padded(x, kernel, options);
  return finish(conv(input, kernel.read(), { strides, padding, dilation, groups }), bias, options);
}

/** Zeros are the convolution's own business; other borders are put on before. */
function padded(x: Tensor, kernel: Variable, { strides, padding, paddingMode, dilationRate }: Resolution): [Tensor, Padding] {
  if (paddingMode === 'constant') return [x, padding];
  const lengths = x.shape.slice(1, -1);
  const all = (value: typeof strides): readonly number[] => perAxis(value, lengths.length);
  const edges = resolvePadding('conv', padding, lengths, kernel.shape.slice(0, -2), all(strides), all(dilationRate));
  return [pad(x, [[0, 0], ...edges, [0, 0]], 0, paddingMode), 'valid'];
}
