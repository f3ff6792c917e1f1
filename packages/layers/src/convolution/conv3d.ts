import type { PerAxis, Tensor, Variable } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type ConvConfig, convolve, type ConvOptions, convRows, createConv } from './conv.ts';
import type { Unset } from './kernel.ts';

/**
 * y[n, h, i, j, f] = activation(Σ x[n, h·s + k·d − p, i·s + l·d − p, j·s + m·d − p, c] · W[k, l, m, c, f] + b[f])
 *
 * Shapes: x `[N, D, H, W, C]` → `[N, D', H', W', filters]`; W `[KD, KH, KW, C/groups, filters]`, b `[filters]`.
 *
 * @throws UsageError if x does not have five axes, ShapeError if its channels do not fit the kernel.
 * @example
 * new Conv3D(8, [1, 3, 3], { padding: 'same' }).apply(volumes)
 */
export class Conv3D extends Module {
  static readonly className = 'Conv3D';
  static readonly positional: readonly string[] = ['filters', 'kernelSize'];
  static readonly options: Options<ConvConfig> = convRows(3);
  declare readonly options: Resolved<ConvConfig, Unset>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super({ ...options, filters, kernelSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 4, '[N, D, H, W, C]');
    const { kernel, bias } = createConv('Conv3D', this.options, input);
    this.kernel = this.variable('kernel', kernel);
    if (bias) this.bias = this.variable('bias', bias);
  }

  override call(x: Tensor): Tensor {
    return convolve(x, this.kernel, this.bias, this.options);
  }
}
