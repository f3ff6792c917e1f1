import { gru, type Tensor, type Variable, zeros } from '@tessera/tensor';
import type { Given } from '../module/context.ts';
import { Module } from '../module/module.ts';
import type { SpecsOf, TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type RecurrentConfig, type RecurrentOptions, recurrentRows, recurrentVariables, type Unset } from './options.ts';
import { recur, type RecurrentInput, type RecurrentOutput, specOfSequences } from './recur.ts';

/**
 * Gated recurrent unit, its reset applied after the product (Keras' `reset_after`, PyTorch's form): with
 * [u, r, n] = x[t]·W + b and a = h[t−1]·U + b', u ← σ(u + aᵤ), r ← σ(r + aᵣ), n ← tanh(n + r·aₙ), h[t] = u·h[t−1] + (1 − u)·n.
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]` with `returnSequences`; W `[features, 3·units]`,
 * U `[units, 3·units]`, b and b' `[3·units]`. A step where the mask is false leaves h as it was; the sequence keeps the mask.
 *
 * @see Cho et al. 2014. https://arxiv.org/abs/1406.1078
 */
export class GRU extends Module {
  static readonly className = 'GRU';
  static readonly positional: readonly string[] = ['units'];
  static readonly options: Options<RecurrentConfig> = recurrentRows();
  declare readonly options: Resolved<RecurrentConfig, Unset>;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  recurrentBias: Variable | undefined;

  constructor(units: number, options: RecurrentOptions = {}) {
    super({ ...options, units });
  }

  protected override create(input: TensorSpec | SpecsOf<RecurrentInput>): void {
    const x = specOfSequences(input);
    this.expectInput(x, 2, '[N, T, features]');
    const { kernel, recurrentKernel, bias } = recurrentVariables(this.options, 3, x);
    this.kernel = this.variable('kernel', kernel);
    this.recurrentKernel = this.variable('recurrentKernel', recurrentKernel);
    if (!this.options.useBias) return;
    this.bias = this.variable('bias', bias);
    this.recurrentBias = this.variable('recurrentBias', bias);
  }

  override apply(input: RecurrentInput, given?: Given): RecurrentOutput;
  override apply(x: Tensor, given?: Given): Tensor;
  override apply(input: Tensor | RecurrentInput, given?: Given): Tensor | RecurrentOutput {
    return super.apply(input as Tensor, given);
  }

  override call(input: RecurrentInput): RecurrentOutput;
  override call(x: Tensor): Tensor;
  override call(input: Tensor | RecurrentInput): Tensor | RecurrentOutput {
    return recur(this, input, 1, (z, [h0]) => {
      const bias = this.recurrentBias?.read() ?? zeros([3 * this.options.units], { dtype: z.dtype, backend: z.backend });
      return [gru(z, this.recurrentKernel.read(), bias, h0!)];
    });
  }
}
