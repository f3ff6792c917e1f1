import type { Shape } from '@tessera/core';
import { flip, gru, lstm, scan, tanh, type Tensor, type Variable, zeros as zeroTensor } from '@tessera/tensor';
import { type ActivationFunction, activationName, resolveActivation } from '../activations.ts';
import { expectCount } from '../expect.ts';
import { glorotUniform, type Initializer, orthogonal, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of recurrent layers. */
export interface RecurrentOptions extends ModuleOptions {
  /** Whether the output is that of every time, or only the last one (default `false`: the last). */
  readonly returnSequences?: boolean;
  /** Whether sequences are read from their end; outputs come in the order read, as in Keras (default `false`). */
  readonly goBackwards?: boolean;
  /** Default `true`. */
  readonly useBias?: boolean;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer;
  /** Default {@link orthogonal}. */
  readonly recurrentInitializer?: Initializer;
  /** Default zeros. */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly recurrentRegularizer?: Regularizer;
}

/** What recurrent layers share: the inputs' part of all times in one product, the order of reading, what is given back. */
export abstract class Recurrent<O extends RecurrentOptions = RecurrentOptions> extends Module {
  readonly units: number;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  protected readonly options: O;
  readonly #gates: number;

  constructor(layer: string, gates: number, units: number, options: O) {
    super(options);
    expectCount(layer, 'units', units);
    this.units = units;
    this.options = options;
    this.#gates = gates;
  }

  /** h of every time `[N, T, U]` from the inputs' part `[N, T, gates·U]`. */
  protected abstract states(z: Tensor): Tensor;
  /** How the bias starts. */
  protected bias0(): Initializer {
    return this.options.biasInitializer ?? zeros();
  }

  protected override create(inputShape: Shape): void {
    this.expectInput(2, inputShape, '[N, T, features]');
    const { kernelInitializer = glorotUniform(), recurrentInitializer = orthogonal(), useBias = true } = this.options;
    const { kernelRegularizer, recurrentRegularizer } = this.options;
    const width = this.#gates * this.units;
    this.kernel = this.variable('kernel', {
      shape: [inputShape[1]!, width],
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
    });
    this.recurrentKernel = this.variable('recurrentKernel', {
      shape: [this.units, width],
      initializer: recurrentInitializer,
      regularizer: recurrentRegularizer,
    });
    if (useBias) this.bias = this.variable('bias', { shape: [width], initializer: this.bias0() });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { returnSequences = false, goBackwards = false } = this.options;
    const read = goBackwards ? flip(x, 1) : x;
    const product = read.matmul(this.kernel.read());
    const h = this.states(this.bias ? product.add(this.bias.read()) : product);
    return returnSequences ? h : h.at(':', -1);
  }

  override config(): Json {
    const { returnSequences = false, goBackwards = false, useBias = true } = this.options;
    return { units: this.units, returnSequences, goBackwards, useBias, name: this.name };
  }

  protected zeroState(like: Tensor): Tensor {
    return zeroTensor([like.shape[0]!, this.units], { dtype: like.dtype, backend: like.backend });
  }
}

/** Options of {@link SimpleRNN}. */
export interface SimpleRNNOptions extends RecurrentOptions {
  /** Default `tanh`. */
  readonly activation?: ActivationFunction | string;
}

/**
 * h[t] = activation(x[t]·W + h[t−1]·U + b)
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]`; W `[features, units]`, U `[units, units]`, b `[units]`.
 *
 * @see Elman 1990, "Finding Structure in Time".
 */
export class SimpleRNN extends Recurrent<SimpleRNNOptions> {
  static readonly className = 'SimpleRNN';
  readonly className = 'SimpleRNN';
  readonly #activation: ActivationFunction;

  constructor(units: number, options: SimpleRNNOptions = {}) {
    super('SimpleRNN', 1, units, options);
    this.#activation = resolveActivation(options.activation) ?? tanh;
  }

  protected override states(z: Tensor): Tensor {
    const w = this.recurrentKernel.read();
    const step = (h: Tensor, part: Tensor): readonly [Tensor, Tensor] => {
      const next = this.#activation(part.add(h.matmul(w)));
      return [next, next];
    };
    return scan(step, this.zeroState(z), z.transpose([1, 0, 2]))[1].transpose([1, 0, 2]);
  }

  override config(): Json {
    return { ...(super.config() as object), activation: activationName(this.#activation) };
  }
  static fromConfig({ units, ...options }: SimpleRNNOptions & { units: number }): SimpleRNN {
    return new SimpleRNN(units, options);
  }
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** Whether the forget gate's bias starts at 1 (default `true`). @see Jozefowicz, Zaremba, Sutskever 2015 */
  readonly unitForgetBias?: boolean;
}

/**
 * Long short-term memory: with [i, f, g, o] = x[t]·W + h[t−1]·U + b,
 * c[t] = σ(f)·c[t−1] + σ(i)·tanh(g) and h[t] = σ(o)·tanh(c[t]).
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]` with `returnSequences`; W `[features, 4·units]`,
 * U `[units, 4·units]`, b `[4·units]`.
 *
 * @example
 * new Sequential([new Embedding(5000, 64), new LSTM(64), new Dense(2)])
 * @see Hochreiter, Schmidhuber 1997, "Long Short-Term Memory".
 */
export class LSTM extends Recurrent<LSTMOptions> {
  static readonly className = 'LSTM';
  readonly className = 'LSTM';

  constructor(units: number, options: LSTMOptions = {}) {
    super('LSTM', 4, units, options);
  }

  protected override bias0(): Initializer {
    const { unitForgetBias = true, biasInitializer = zeros() } = this.options;
    if (!unitForgetBias) return biasInitializer;
    return (shape, random) =>
      biasInitializer(shape, random).add(
        zeroTensor([this.units])
          .add(1)
          .pad([[this.units, 2 * this.units]]),
      );
  }

  protected override states(z: Tensor): Tensor {
    return lstm(z, this.recurrentKernel.read(), this.zeroState(z), this.zeroState(z)).h;
  }
  static fromConfig({ units, ...options }: LSTMOptions & { units: number }): LSTM {
    return new LSTM(units, options);
  }
}

/**
 * Gated recurrent unit, its reset applied after the product (Keras' `reset_after`, PyTorch's form): with
 * [u, r, n] = x[t]·W + b and a = h[t−1]·U + b', u ← σ(u + aᵤ), r ← σ(r + aᵣ), n ← tanh(n + r·aₙ), h[t] = u·h[t−1] + (1 − u)·n.
 *
 * Shapes: x `[N, T, features]` → `[N, units]`, or `[N, T, units]` with `returnSequences`; W `[features, 3·units]`,
 * U `[units, 3·units]`, b and b' `[3·units]`.
 *
 * @see Cho et al. 2014. https://arxiv.org/abs/1406.1078
 */
export class GRU extends Recurrent {
  static readonly className = 'GRU';
  readonly className = 'GRU';
  recurrentBias: Variable | undefined;

  constructor(units: number, options: RecurrentOptions = {}) {
    super('GRU', 3, units, options);
  }

  protected override create(inputShape: Shape): void {
    super.create(inputShape);
    if (this.bias) this.recurrentBias = this.variable('recurrentBias', { shape: [3 * this.units], initializer: this.bias0() });
  }

  protected override states(z: Tensor): Tensor {
    const bias = this.recurrentBias?.read() ?? zeroTensor([3 * this.units], { dtype: z.dtype, backend: z.backend });
    return gru(z, this.recurrentKernel.read(), bias, this.zeroState(z));
  }
  static fromConfig({ units, ...options }: RecurrentOptions & { units: number }): GRU {
    return new GRU(units, options);
  }
}
