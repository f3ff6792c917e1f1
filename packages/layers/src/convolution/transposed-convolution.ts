import { type Shape, UsageError } from '@tessera/core';
import { convTranspose, type PerAxis, type Tensor } from '@tessera/tensor';
import { expectCount } from '../expect.ts';
import type { CallContext, Json } from '../module.ts';
import { KernelLayer, type KernelOptions } from './convolution.ts';

/** Options of transposed convolutions. */
export interface ConvTransposeOptions extends KernelOptions {
  /** Added after each spatial axis of the output, to choose among the sizes that a stride allows (default 0). */
  readonly outputPadding?: PerAxis;
  /** Default 1. */
  readonly groups?: number;
}

/** The adjoint of a convolution in its input, over so many spatial axes. */
abstract class ConvTranspose extends KernelLayer<ConvTransposeOptions> {
  readonly filters: number;

  constructor(layer: string, rank: number, filters: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    super(layer, rank, kernelSize, options);
    expectCount(layer, 'filters', filters);
    expectCount(layer, 'groups', options.groups ?? 1);
    if (filters % (options.groups ?? 1) !== 0) {
      throw new UsageError(`[${layer}] filters must be a multiple of groups: got ${filters} with groups ${options.groups}`);
    }
    this.filters = filters;
  }

  protected override create(inputShape: Shape): void {
    const { groups = 1 } = this.options;
    this.createKernel(inputShape, [this.filters / groups, inputShape.at(-1)!], this.filters);
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { strides = 1, padding = 'valid', dilationRate = 1, outputPadding = 0, groups = 1 } = this.options;
    return this.finish(convTranspose(x, this.kernel.read(), { strides, padding, dilation: dilationRate, outputPadding, groups }));
  }

  override config(): Json {
    const { outputPadding = 0, groups = 1 } = this.options;
    return { filters: this.filters, ...this.kernelConfig(), outputPadding, groups };
  }
}

type Config = ConvTransposeOptions & { filters: number; kernelSize: PerAxis };

/**
 * The adjoint of {@link Conv1D} in its input, also known as deconvolution: makes sequences longer.
 *
 * Shapes: x `[N, W, C]` → `[N, (W − 1)·s + d·(K − 1) + 1 − p + outputPadding, filters]`; W `[K, filters/groups, C]`, b `[filters]`.
 *
 * @see Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning". https://arxiv.org/abs/1603.07285
 */
export class Conv1DTranspose extends ConvTranspose {
  static readonly className = 'Conv1DTranspose';
  readonly className = 'Conv1DTranspose';

  constructor(filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super('Conv1DTranspose', 1, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv1DTranspose {
    return new Conv1DTranspose(filters, kernelSize, options);
  }
}

/**
 * The adjoint of {@link Conv2D} in its input, also known as deconvolution: makes images larger.
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', filters]` with H' = (H − 1)·s + d·(K − 1) + 1 − p + outputPadding; W `[KH, KW, filters/groups, C]`,
 * b `[filters]`.
 *
 * @example
 * new Conv2DTranspose(16, 4, { strides: 2, padding: 'same' }).apply(x) // [N, 2H, 2W, 16]
 */
export class Conv2DTranspose extends ConvTranspose {
  static readonly className = 'Conv2DTranspose';
  readonly className = 'Conv2DTranspose';

  constructor(filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super('Conv2DTranspose', 2, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv2DTranspose {
    return new Conv2DTranspose(filters, kernelSize, options);
  }
}

/**
 * The adjoint of {@link Conv3D} in its input.
 *
 * Shapes: x `[N, D, H, W, C]` → `[N, D', H', W', filters]`; W `[KD, KH, KW, filters/groups, C]`, b `[filters]`.
 */
export class Conv3DTranspose extends ConvTranspose {
  static readonly className = 'Conv3DTranspose';
  readonly className = 'Conv3DTranspose';

  constructor(filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super('Conv3DTranspose', 3, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv3DTranspose {
    return new Conv3DTranspose(filters, kernelSize, options);
  }
}
