import { scan, tanh, type Tensor, type Variable } from '@tessera/tensor';
import type { ActivationFunction } from '../activations.ts';
import type { Given } from '../module/context.ts';
import { Module } from '../module/module.ts';
import type { SpecsOf, TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { activation } from '../options/rows.ts';
import { type RecurrentConfig, type RecurrentOptions, recurrentRows, recurrentVariables, type Unset } from './options.ts';
import { recur, type RecurrentInput, type RecurrentOutput, specOfSequences } from './recur.ts';

/** Options of {@link SimpleRNN}. */
export interface SimpleRNNOptions extends RecurrentOptions {
  /** Default `tanh`. */
  readonly activation?: ActivationFunction | string | undefined;
}

type Config = SimpleRNNOptions & RecurrentConfig;

/**
 * h[t] = activation(x[t]·W + h[t−1]·U + b)
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]`; W `[features, units]`, U `[units, units]`, b `[units]`.
 * A step where the mask is false leaves h as it was; the sequence keeps the mask.
 *
 * @see Elman 1990, "Finding Structure in Time".
 */
export class SimpleRNN extends Module {
  static readonly className = 'SimpleRNN';
  static readonly positional: readonly string[] = ['units'];
  static readonly options: Options<Config> = withRows(recurrentRows(), { activation: activation(tanh) });
  declare readonly options: Resolved<Config, Unset>;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;

  constructor(units: number, options: SimpleRNNOptions = {}) {
    super({ ...options, units });
  }

  protected override create(input: TensorSpec | SpecsOf<RecurrentInput>): void {
    const x = specOfSequences(input);
    this.expectInput(x, 2, '[N, T, features]');
    const { kernel, recurrentKernel, bias } = recurrentVariables(this.options, 1, x);
    this.kernel = this.variable('kernel', kernel);
    this.recurrentKernel = this.variable('recurrentKernel', recurrentKernel);
    if (this.options.useBias) this.bias = this.variable('bias', bias);
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
      const w = this.recurrentKernel.read();
      const step = (h: Tensor, part: Tensor): readonly [Tensor, Tensor] => {
        const next = this.options.activation(part.add(h.matmul(w)));
        return [next, next];
      };
      const [, h] = scan(step, h0!, z.transpose([1, 0, 2]));
      return [h.transpose([1, 0, 2])];
    });
  }
}
