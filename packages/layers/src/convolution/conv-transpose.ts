import { UsageError } from '@tessera/core';
import { convTranspose, type PerAxis, type Tensor, type Variable } from '@tessera/tensor';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, counts } from '../options/rows.ts';
import { createKernel, finish, type KernelConfig, type KernelOptions, kernelRows, type KernelVariables, type Unset } from './kernel.ts';

/** Options of {@link Conv1DTranspose}, {@link Conv2DTranspose} and {@link Conv3DTranspose}. */
export interface ConvTransposeOptions extends KernelOptions {
  /** Added after each spatial axis of the output, to choose among the sizes that a stride allows (default 0). */
  readonly outputPadding?: PerAxis | undefined;
  /** Default 1. */
  readonly groups?: number | undefined;
}

/** All that a transposed convolution is told. */
export type ConvTransposeConfig = ConvTransposeOptions & KernelConfig & { readonly filters: number };

type Resolution = Resolved<ConvTransposeConfig, Unset>;

/** The rows of a transposed convolution over so many spatial axes. */
/* @__NO_SIDE_EFFECTS__ */
export function convTransposeRows(axes: number): Options<ConvTransposeConfig> {
  return { ...kernelRows(axes), filters: count(), outputPadding: counts(0, { axes, least: 0 }), groups: count(1) };
}

/**
 * The kernel `[...K, filters/groups, C]` and the bias of a transposed convolution.
 *
 * @throws UsageError if the filters cannot be divided into the groups.
 */
export function createConvTranspose(layer: string, options: Resolution, { shape }: TensorSpec): KernelVariables {
  const { filters, groups } = options;
  if (filters % groups !== 0) throw new UsageError(`[${layer}] filters must be a multiple of groups: got ${filters} with groups ${groups}`);
  return createKernel(options, shape, [filters / groups, shape.at(-1)!], filters);
}

/** activation(x ∗ᵀ W + b) */
export function convolveTransposed(x: Tensor, kernel: Variable, bias: Variable | undefined, options: Resolution): Tensor {
  const { strides, padding, dilationRate: dilation, outputPadding, groups } = options;
  return finish(convTranspose(x, kernel.read(), { strides, padding, dilation, outputPadding, groups }), bias, options);
}
