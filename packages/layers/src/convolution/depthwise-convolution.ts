import type { Shape } from '@tessera/core';
import { conv, type PerAxis, type Tensor } from '@tessera/tensor';
import { expectCount } from '../expect.ts';
import type { CallContext, Json } from '../module.ts';
import { KernelLayer, type KernelOptions } from './convolution.ts';

/** Options of {@link DepthwiseConv2D}. */
export interface DepthwiseConvOptions extends KernelOptions {
  /** How many filters each channel gets (default 1). */
  readonly depthMultiplier?: number;
}

/**
 * Each channel is convolved by itself: y[n, i, j, c·m + f] = activation(Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · W[k, l, c, f] + b)
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', C·m]`; W `[KH, KW, C, m]` with the depth multiplier m, b `[C·m]`.
 *
 * @throws ShapeError if x does not have four axes or its channels do not fit the kernel.
 * @see Howard et al. 2017, "MobileNets". https://arxiv.org/abs/1704.04861
 */
export class DepthwiseConv2D extends KernelLayer<DepthwiseConvOptions> {
  static readonly className = 'DepthwiseConv2D';
  readonly className = 'DepthwiseConv2D';
  readonly depthMultiplier: number;

  constructor(kernelSize: PerAxis, options: DepthwiseConvOptions = {}) {
    super('DepthwiseConv2D', 2, kernelSize, options);
    this.depthMultiplier = options.depthMultiplier ?? 1;
    expectCount('DepthwiseConv2D', 'depthMultiplier', this.depthMultiplier);
  }

  protected override create(inputShape: Shape): void {
    const channels = inputShape.at(-1)!;
    this.createKernel(inputShape, [channels, this.depthMultiplier], channels * this.depthMultiplier);
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { strides = 1, padding = 'valid', dilationRate = 1 } = this.options;
    const groups = this.kernel.shape[2]!;
    const kernel = this.kernel.read().reshape([...this.kernelSize, 1, groups * this.depthMultiplier]);
    return this.finish(conv(x, kernel, { strides, padding, dilation: dilationRate, groups }));
  }

  override config(): Json {
    return { ...this.kernelConfig(), depthMultiplier: this.depthMultiplier };
  }
  static fromConfig({ kernelSize, ...options }: DepthwiseConvOptions & { kernelSize: PerAxis }): DepthwiseConv2D {
    return new DepthwiseConv2D(kernelSize, options);
  }
}
