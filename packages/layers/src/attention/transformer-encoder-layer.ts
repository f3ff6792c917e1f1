import { relu, type Tensor } from '@tessera/tensor';
import type { ActivationFunction } from '../activations.ts';
import { Dense } from '../core/dense.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { LayerNormalization } from '../normalization/layer-normalization.ts';
import type { Options, Resolved } from '../options/option.ts';
import { activation, count, flag, number, rate } from '../options/rows.ts';
import { Dropout } from '../regularization/dropout.ts';
import { MultiHeadAttention } from './multi-head-attention.ts';

/** Options of {@link TransformerEncoderLayer}. */
export interface TransformerEncoderLayerOptions extends ModuleOptions {
  /** Between the two dense layers (default `relu`). */
  readonly activation?: ActivationFunction | string | undefined;
  /** The rate of dropout after attention, inside and after the dense layers, and of the weights of attention (default 0.1). */
  readonly dropout?: number | undefined;
  /** Whether each part normalises what comes in, rather than the sum that goes out (default `false`). @see Xiong et al. 2020 */
  readonly normFirst?: boolean | undefined;
  /** Whether a place sees only those up to itself (default `false`). */
  readonly causal?: boolean | undefined;
  /** ε of the normalisations (default 1e-5). */
  readonly epsilon?: number | undefined;
}

type Config = TransformerEncoderLayerOptions & { readonly heads: number; readonly units: number };

/**
 * Attention and two dense layers, each with a residual connection and layer normalisation:
 * x ← LN(x + attention(x)), y = LN(x + W₂·activation(W₁·x)).
 *
 * Shapes: x `[N, T, features]` → the same; W₁ `[features, units]`, W₂ `[units, features]`. No place sees those where the mask of x is
 * false; the mask of x is that of y.
 *
 * @example
 * new TransformerEncoderLayer(8, 1024, { activation: gelu, normFirst: true }).apply(x)
 * @see Vaswani et al. 2017, "Attention Is All You Need", section 3. https://arxiv.org/abs/1706.03762
 */
export class TransformerEncoderLayer extends Module {
  static readonly className = 'TransformerEncoderLayer';
  static readonly positional: readonly string[] = ['heads', 'units'];
  static readonly options: Options<Config> = {
    heads: count(),
    units: count(),
    activation: activation(relu),
    dropout: rate(0.1),
    normFirst: flag(false),
    causal: flag(false),
    epsilon: number(1e-5, { least: 0 }),
  };
  declare readonly options: Resolved<Config>;
  readonly attention: MultiHeadAttention;
  readonly norm1: LayerNormalization;
  readonly norm2: LayerNormalization;
  readonly dense1: Dense;
  dense2!: Dense;
  readonly dropout: Dropout;

  constructor(heads: number, units: number, options: TransformerEncoderLayerOptions = {}) {
    super({ ...options, heads, units });
    const { activation, dropout, causal, epsilon } = this.options;
    this.attention = new MultiHeadAttention(heads, { dropout, causal });
    this.norm1 = new LayerNormalization({ epsilon });
    this.norm2 = new LayerNormalization({ epsilon });
    this.dense1 = new Dense(units, { activation });
    this.dropout = new Dropout(dropout);
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 2, '[N, T, features]');
    this.dense2 = new Dense(input.shape[1]!);
  }

  override call(x: Tensor): Tensor {
    const { attention, norm1, norm2, dense1, dense2, dropout } = this;
    const attend = (y: Tensor): Tensor => dropout.apply(attention.apply(y));
    const feed = (y: Tensor): Tensor => dropout.apply(dense2.apply(dropout.apply(dense1.apply(y))));
    if (this.options.normFirst) {
      const z = x.add(attend(norm1.apply(x)));
      return z.add(feed(norm2.apply(z)));
    }
    const z = norm1.apply(x.add(attend(x)));
    return norm2.apply(z.add(feed(z)));
  }
}
