import { type Shape, UsageError } from '@tessera/core';
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

/** What {@link Recurrent.unroll} gives. */
export interface Unrolled {
  /** `[N, T, units]` */
  readonly sequence: Tensor;
  /** h `[N, units]`, and for {@link LSTM} c. */
  readonly state: readonly Tensor[];
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

  /** h of every time `[N, T, U]` and the last state, from the inputs' part `[N, T, gates·U]` and the first state. */
  protected abstract walk(z: Tensor, state: readonly Tensor[]): Unrolled;
  /** How many tensors a state is: h, and for {@link LSTM} c. */
  protected abstract readonly stateCount: number;
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
    const { sequence } = this.unroll(x);
    return this.options.returnSequences ? sequence : sequence.at(':', -1);
  }

  /**
   * The output of every time and the state after the last one, from a state to begin with (by default zeros): for decoders, and for
   * sequences that come in pieces. The layer must have been built.
   */
  unroll(x: Tensor, state?: readonly Tensor[]): Unrolled {
    const read = this.options.goBackwards ? flip(x, 1) : x;
    const product = read.matmul(this.kernel.read());
    const z = this.bias ? product.add(this.bias.read()) : product;
    if (state && state.length !== this.stateCount) {
      throw new UsageError(`[${this.className}] a state must be ${this.stateCount} tensors: got ${state.length}`);
    }
    return this.walk(z, state ?? Array.from({ length: this.stateCount }, () => this.zeroState(z)));
  }

  override config(): Json {
    const { returnSequences = false, goBackwards = false, useBias = true } = this.options;
    return { units: this.units, returnSequences, goBackwards, useBias, name: this.name };
  }

  private zeroState(like: Tensor): Tensor {
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

  protected override readonly stateCount = 1;
  protected override walk(z: Tensor, [h0]: readonly Tensor[]): Unrolled {
    const w = this.recurrentKernel.read();
    const step = (h: Tensor, part: Tensor): readonly [Tensor, Tensor] => {
      const next = this.#activation(part.add(h.matmul(w)));
      return [next, next];
    };
    const [last, sequence] = scan(step, h0!, z.transpose([1, 0, 2]));
    return { sequence: sequence.transpose([1, 0, 2]), state: [last] };
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

  protected override readonly stateCount = 2;
  protected override walk(z: Tensor, [h0, c0]: readonly Tensor[]): Unrolled {
    const { h, c } = lstm(z, this.recurrentKernel.read(), h0!, c0!);
    return { sequence: h, state: [h.at(':', -1), c.at(':', -1)] };
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

  protected override readonly stateCount = 1;
  protected override walk(z: Tensor, [h0]: readonly Tensor[]): Unrolled {
    const bias = this.recurrentBias?.read() ?? zeroTensor([3 * this.units], { dtype: z.dtype, backend: z.backend });
    const sequence = gru(z, this.recurrentKernel.read(), bias, h0!);
    return { sequence, state: [sequence.at(':', -1)] };
  }
  static fromConfig({ units, ...options }: RecurrentOptions & { units: number }): GRU {
    return new GRU(units, options);
  }
}
