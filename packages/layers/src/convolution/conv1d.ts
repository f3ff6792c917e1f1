import type { PerAxis, Tensor, Variable } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type ConvConfig, convolve, type ConvOptions, convRows, createConv } from './conv.ts';
import type { Unset } from './kernel.ts';

/**
 * y[n, i, f] = activation(Σ x[n, i·s + k·d − p, c] · W[k, c, f] + b[f])
 *
 * Shapes: x `[N, W, C]` → `[N, W', filters]`; W `[K, C/groups, filters]`, b `[filters]`.
 *
 * @throws UsageError if x does not have three axes, ShapeError if its channels do not fit the kernel.
 * @example
 * new Conv1D(16, 5, { strides: 2, activation: relu }).apply(sequences)
 */
export class Conv1D extends Module {
  static readonly className = 'Conv1D';
  static readonly positional: readonly string[] = ['filters', 'kernelSize'];
  static readonly options: Options<ConvConfig> = convRows(1);
  declare readonly options: Resolved<ConvConfig, Unset>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super({ ...options, filters, kernelSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 2, '[N, W, C]');
    const { kernel, bias } = createConv('Conv1D', this.options, input);
    this.kernel = this.variable('kernel', kernel);
    if (bias) this.bias = this.variable('bias', bias);
  }

  override call(x: Tensor): Tensor {
    return convolve(x, this.kernel, this.bias, this.options);
  }
}
