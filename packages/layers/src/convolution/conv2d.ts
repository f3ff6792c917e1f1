import type { PerAxis, Tensor, Variable } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type ConvConfig, convolve, type ConvOptions, convRows, createConv } from './conv.ts';
import type { Unset } from './kernel.ts';

/**
 * y[n, i, j, f] = activation(Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · W[k, l, c, f] + b[f])
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', filters]`; W `[KH, KW, C/groups, filters]`, b `[filters]`.
 *
 * @throws UsageError if x does not have four axes, ShapeError if its channels do not fit the kernel.
 * @example
 * new Conv2D(32, 3, { padding: 'same', activation: relu }).apply(images)
 */
export class Conv2D extends Module {
  static readonly className = 'Conv2D';
  static readonly positional: readonly string[] = ['filters', 'kernelSize'];
  static readonly options: Options<ConvConfig> = convRows(2);
  declare readonly options: Resolved<ConvConfig, Unset>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super({ ...options, filters, kernelSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
    const { kernel, bias } = createConv('Conv2D', this.options, input);
    this.kernel = this.variable('kernel', kernel);
    if (bias) this.bias = this.variable('bias', bias);
  }

  override call(x: Tensor): Tensor {
    return convolve(x, this.kernel, this.bias, this.options);
  }
}
