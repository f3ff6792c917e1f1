import { type Shape } from '@tessera/core';
import type { Tensor } from '@tessera/tensor';
import { type ActivationFunction, activationName, resolveActivation } from '../activations.ts';
import { Dense } from '../core/dense.ts';
import { expectCount } from '../expect.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import { LayerNormalization } from '../normalization/layer-normalization.ts';
import { Dropout } from '../regularization/dropout.ts';
import { MultiHeadAttention } from './multi-head-attention.ts';

/** Options of {@link TransformerEncoderLayer}. */
export interface TransformerEncoderLayerOptions extends ModuleOptions {
  /** Between the two dense layers (default `'relu'`). */
  readonly activation?: ActivationFunction | string;
  /** The rate of dropout after attention, inside and after the dense layers, and of the weights of attention (default 0.1). */
  readonly dropout?: number;
  /** Whether each part normalises what comes in, rather than the sum that goes out (default `false`). @see Xiong et al. 2020 */
  readonly normFirst?: boolean;
  /** Whether a place sees only those up to itself (default `false`). */
  readonly causal?: boolean;
  /** ε of the normalisations (default 1e-5). */
  readonly epsilon?: number;
}

/**
 * Attention and two dense layers, each with a residual connection and layer normalisation:
 * x ← LN(x + attention(x)), y = LN(x + W₂·activation(W₁·x)).
 *
 * Shapes: x `[N, T, features]` → the same; W₁ `[features, units]`, W₂ `[units, features]`.
 *
 * @example
 * new TransformerEncoderLayer(8, 1024, { activation: 'gelu', normFirst: true }).apply(x)
 * @see Vaswani et al. 2017, "Attention Is All You Need", section 3. https://arxiv.org/abs/1706.03762
 */
export class TransformerEncoderLayer extends Module {
  static readonly className = 'TransformerEncoderLayer';
  readonly className = 'TransformerEncoderLayer';
  readonly heads: number;
  /** Of the inner dense layer. */
  readonly units: number;
  readonly #options: TransformerEncoderLayerOptions;
  readonly #activation: ActivationFunction | undefined;
  #children: { attention: MultiHeadAttention; norm1: Module; norm2: Module; dense1: Module; dense2: Module; dropout: Module } | undefined;

  constructor(heads: number, units: number, options: TransformerEncoderLayerOptions = {}) {
    super(options);
    expectCount('TransformerEncoderLayer', 'heads', heads);
    expectCount('TransformerEncoderLayer', 'units', units);
    this.heads = heads;
    this.units = units;
    this.#options = options;
    this.#activation = resolveActivation(options.activation ?? 'relu');
  }

  protected override create(inputShape: Shape): void {
    this.expectInput(2, inputShape, '[N, T, features]');
    const { dropout = 0.1, causal = false, epsilon = 1e-5 } = this.#options;
    const features = inputShape[1]!;
    this.#children = {
      attention: new MultiHeadAttention(this.heads, { dropout, causal }),
      norm1: new LayerNormalization({ epsilon }),
      norm2: new LayerNormalization({ epsilon }),
      dense1: new Dense(this.units, this.#activation ? { activation: this.#activation } : {}),
      dense2: new Dense(features),
      dropout: new Dropout(dropout),
    };
    for (const [name, child] of Object.entries(this.#children)) {
      this.buildChild(name, child, name === 'dense2' ? [inputShape[0]!, this.units] : inputShape);
    }
  }

  override children(): Readonly<Record<string, Module>> {
    return this.#children ?? {};
  }

  override call(x: Tensor, context: CallContext = {}): Tensor {
    const { attention, norm1, norm2, dense1, dense2, dropout } = this.#children!;
    const dropped = (y: Tensor, place: string): Tensor =>
      dropout.apply(y, context.random ? { ...context, random: context.random.split(place) } : context);
    const attend = (y: Tensor): Tensor => dropped(attention.apply(y, context), 'attention');
    const feed = (y: Tensor): Tensor => dropped(dense2.apply(dropped(dense1.apply(y), 'inner')), 'outer');
    if (this.#options.normFirst) {
      const z = x.add(attend(norm1.apply(x)));
      return z.add(feed(norm2.apply(z)));
    }
    const z = norm1.apply(x.add(attend(x)));
    return norm2.apply(z.add(feed(z)));
  }

  override config(): Json {
    const { dropout = 0.1, normFirst = false, causal = false, epsilon = 1e-5 } = this.#options;
    const activation = activationName(this.#activation);
    return {
      heads: this.heads,
      units: this.units,
      ...(activation ? { activation } : {}),
      dropout,
      normFirst,
      causal,
      epsilon,
      name: this.name,
    };
  }
  static fromConfig({
    heads,
    units,
    ...options
  }: TransformerEncoderLayerOptions & { heads: number; units: number }): TransformerEncoderLayer {
    return new TransformerEncoderLayer(heads, units, options);
  }
}
