import { conv, type PerAxis, type Tensor, type Variable } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { count } from '../options/rows.ts';
import { createKernel, finish, type KernelConfig, type KernelOptions, kernelRows, type Unset } from './kernel.ts';

/** Options of {@link DepthwiseConv2D}. */
export interface DepthwiseConvOptions extends KernelOptions {
  /** How many filters each channel gets (default 1). */
  readonly depthMultiplier?: number | undefined;
}

type Config = DepthwiseConvOptions & KernelConfig;

/**
 * Each channel is convolved by itself: y[n, i, j, c·m + f] = activation(Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · W[k, l, c, f] + b)
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', C·m]`; W `[KH, KW, C, m]` with the depth multiplier m, b `[C·m]`.
 *
 * @throws UsageError if x does not have four axes, ShapeError if its channels do not fit the kernel.
 * @see Howard et al. 2017, "MobileNets". https://arxiv.org/abs/1704.04861
 * @example
 * new DepthwiseConv2D(3, { padding: 'same' }).apply(images)
 */
export class DepthwiseConv2D extends Module {
  static readonly className = 'DepthwiseConv2D';
  static readonly positional: readonly string[] = ['kernelSize'];
  static readonly options: Options<Config> = withRows(kernelRows(2), { depthMultiplier: count(1) });
  declare readonly options: Resolved<Config, Unset>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(kernelSize: PerAxis, options: DepthwiseConvOptions = {}) {
    super({ ...options, kernelSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
    const { depthMultiplier } = this.options;
    const channels = input.shape.at(-1)!;
    const { kernel, bias } = createKernel(this.options, input.shape, [channels, depthMultiplier], channels * depthMultiplier);
    this.kernel = this.variable('kernel', kernel);
    if (bias) this.bias = this.variable('bias', bias);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate: dilation } = this.options;
    const [height, width, groups, multiplier] = this.kernel.shape as [number, number, number, number];
    const kernel = this.kernel.read().reshape([height, width, 1, groups * multiplier]);
    return finish(conv(x, kernel, { strides, padding, dilation, groups }), this.bias, this.options);
  }
}
