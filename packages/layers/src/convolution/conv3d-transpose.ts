import type { PerAxis, Tensor, Variable } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import {
  type ConvTransposeConfig,
  convolveTransposed,
  type ConvTransposeOptions,
  convTransposeRows,
  createConvTranspose,
} from './conv-transpose.ts';
import type { Unset } from './kernel.ts';

/**
 * The adjoint of {@link Conv3D} in its input, also known as deconvolution: makes volumes larger.
 *
 * Shapes: x `[N, D, H, W, C]` → `[N, D', H', W', filters]` with D' = (D − 1)·s + d·(K − 1) + 1 − p + outputPadding;
 * W `[KD, KH, KW, filters/groups, C]`, b `[filters]`.
 *
 * @throws UsageError if x does not have five axes, ShapeError if its channels do not fit the kernel.
 * @see Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning". https://arxiv.org/abs/1603.07285
 * @example
 * new Conv3DTranspose(16, 4, { strides: 2, padding: 'same' }).apply(x) // [N, 2D, 2H, 2W, 16]
 */
export class Conv3DTranspose extends Module {
  static readonly className = 'Conv3DTranspose';
  static readonly positional: readonly string[] = ['filters', 'kernelSize'];
  static readonly options: Options<ConvTransposeConfig> = convTransposeRows(3);
  declare readonly options: Resolved<ConvTransposeConfig, Unset>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super({ ...options, filters, kernelSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 4, '[N, D, H, W, C]');
    const { kernel, bias } = createConvTranspose('Conv3DTranspose', this.options, input);
    this.kernel = this.variable('kernel', kernel);
    if (bias) this.bias = this.variable('bias', bias);
  }

  override call(x: Tensor): Tensor {
    return convolveTransposed(x, this.kernel, this.bias, this.options);
  }
}
