import { lstm, type Tensor, type Variable, zeros } from '@tessera/tensor';
import type { Initializer } from '../initializers.ts';
import type { Given } from '../module/context.ts';
import { Module } from '../module/module.ts';
import type { SpecsOf, TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { flag } from '../options/rows.ts';
import { type RecurrentConfig, type RecurrentOptions, recurrentRows, recurrentVariables, type Unset } from './options.ts';
import { recur, type RecurrentInput, type RecurrentOutput, specOfSequences } from './recur.ts';

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** Whether the forget gate's bias starts at 1 (default `true`). @see Jozefowicz, Zaremba, Sutskever 2015 */
  readonly unitForgetBias?: boolean | undefined;
}

type Config = LSTMOptions & RecurrentConfig;

/**
 * Long short-term memory: with [i, f, g, o] = x[t]·W + h[t−1]·U + b,
 * c[t] = σ(f)·c[t−1] + σ(i)·tanh(g) and h[t] = σ(o)·tanh(c[t]).
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]` with `returnSequences`; W `[features, 4·units]`,
 * U `[units, 4·units]`, b `[4·units]`. A step where the mask is false leaves h and c as they were; the sequence keeps the mask.
 *
 * @example
 * new Sequential([new Embedding(5000, 64, { maskZero: true }), new LSTM(64), new Dense(2)])
 * const { sequence, state } = decoder.apply({ x, state: encoded.state })
 * @see Hochreiter, Schmidhuber 1997, "Long Short-Term Memory".
 */
export class LSTM extends Module {
  static readonly className = 'LSTM';
  static readonly positional: readonly string[] = ['units'];
  static readonly options: Options<Config> = withRows(recurrentRows(), { unitForgetBias: flag(true) });
  declare readonly options: Resolved<Config, Unset>;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;

  constructor(units: number, options: LSTMOptions = {}) {
    super({ ...options, units });
  }

  protected override create(input: TensorSpec | SpecsOf<RecurrentInput>): void {
    const x = specOfSequences(input);
    this.expectInput(x, 2, '[N, T, features]');
    const { units, useBias, unitForgetBias } = this.options;
    const { kernel, recurrentKernel, bias } = recurrentVariables(this.options, 4, x);
    this.kernel = this.variable('kernel', kernel);
    this.recurrentKernel = this.variable('recurrentKernel', recurrentKernel);
    const initializer = unitForgetBias ? forgetLittle(units, bias.initializer) : bias.initializer;
    if (useBias) this.bias = this.variable('bias', { ...bias, initializer });
  }

  override apply(input: RecurrentInput, given?: Given): RecurrentOutput;
  override apply(x: Tensor, given?: Given): Tensor;
  override apply(input: Tensor | RecurrentInput, given?: Given): Tensor | RecurrentOutput {
    return super.apply(input as Tensor, given);
  }

  override call(input: RecurrentInput): RecurrentOutput;
  override call(x: Tensor): Tensor;
  override call(input: Tensor | RecurrentInput): Tensor | RecurrentOutput {
    return recur(this, input, 2, (z, [h0, c0]) => {
      const { h, c } = lstm(z, this.recurrentKernel.read(), h0!, c0!);
      return [h, c];
    });
  }
}

/** Adds 1 to the bias of the forget gate. */
function forgetLittle(units: number, initializer: Initializer): Initializer {
  return (shape, random) =>
    initializer(shape, random).add(
      zeros([units])
        .add(1)
        .pad([[units, 2 * units]]),
    );
}
