import { type Shape, UsageError } from '@tessera/core';
import { scaledDotProductAttention, type Tensor, type Variable } from '@tessera/tensor';
import { expectCount, expectRate } from '../expect.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends ModuleOptions {
  /** Units of each head (default features/heads). */
  readonly keyUnits?: number;
  /** The rate at which weights of attention are dropped in training (default 0). */
  readonly dropout?: number;
  /** Whether a place sees only those up to itself, where sequences attend to themselves (default `false`). */
  readonly causal?: boolean;
  /** Default `true`. */
  readonly useBias?: boolean;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer;
}

/** What a query attends to; see {@link MultiHeadAttention.attend}. */
export interface Attended {
  /** `[N, S, features]`. */
  readonly key: Tensor;
  /** `[N, S, features]`, by default the key. */
  readonly value?: Tensor;
  /** Which keys a query sees (bool), or what is added to the scores (numbers), broadcast to `[N, heads, T, S]`. */
  readonly mask?: Tensor;
}

const projections = ['query', 'key', 'value'] as const;

/**
 * For each head, softmax(Q·Kᵀ/√d)·V of projections of queries, keys and values; the heads side by side are projected once more.
 *
 * Called on one tensor, sequences attend to themselves; {@link attend} takes other keys and values, and a mask.
 *
 * Shapes: x `[N, T, features]` → the same; kernels of query, key and value `[features, heads·d]`, of the output `[heads·d, features]`.
 *
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 */
export class MultiHeadAttention extends Module {
  static readonly className = 'MultiHeadAttention';
  readonly className = 'MultiHeadAttention';
  readonly heads: number;
  readonly #options: MultiHeadAttentionOptions;
  readonly #own: Record<string, Variable> = {};
  #units = 0;

  constructor(heads: number, options: MultiHeadAttentionOptions = {}) {
    super(options);
    expectCount('MultiHeadAttention', 'heads', heads);
    expectRate('MultiHeadAttention', 'dropout', options.dropout ?? 0);
    if (options.keyUnits !== undefined) expectCount('MultiHeadAttention', 'keyUnits', options.keyUnits);
    this.heads = heads;
    this.#options = options;
  }

  protected override create(inputShape: Shape): void {
    this.expectInput(2, inputShape, '[N, T, features]');
    const { useBias = true, kernelInitializer = glorotUniform(), keyUnits } = this.#options;
    const features = inputShape[1]!;
    if (keyUnits === undefined && features % this.heads !== 0) {
      throw new UsageError(
        `[MultiHeadAttention] features must be a multiple of heads: got ${features} for ${this.heads}. Or set keyUnits.`,
      );
    }
    this.#units = keyUnits ?? features / this.heads;
    const width = this.heads * this.#units;
    const make = (name: string, shape: Shape): void => {
      this.#own[`${name}Kernel`] = this.variable(`${name}Kernel`, { shape, initializer: kernelInitializer });
      if (useBias) this.#own[`${name}Bias`] = this.variable(`${name}Bias`, { shape: [shape[1]!], initializer: zeros() });
    };
    for (const name of projections) make(name, [features, width]);
    make('output', [width, features]);
  }

  override call(x: Tensor, context: CallContext = {}): Tensor {
    return this.attend(x, { key: x }, context);
  }

  /** Queries `[N, T, features]` over keys and values. The layer must have been built. */
  attend(query: Tensor, { key, value = key, mask }: Attended, { training = false, random }: CallContext = {}): Tensor {
    const { causal = false, dropout: rate = 0 } = this.#options;
    const heads = (x: Tensor): Tensor => x.reshape([x.shape[0]!, x.shape[1]!, this.heads, this.#units]).transpose([0, 2, 1, 3]);
    const [q, k, v] = [query, key, value].map((x, i) => heads(this.#project(projections[i]!, x))) as [Tensor, Tensor, Tensor];
    const dropout = training ? rate : 0;
    if (dropout > 0 && !random)
      throw new UsageError('[MultiHeadAttention] needs a source of random numbers when training. Pass { training: true, random }.');
    const y = scaledDotProductAttention(q, k, v, { mask, causal, dropout, random: random?.split(this.path) });
    return this.#project('output', y.transpose([0, 2, 1, 3]).reshape([query.shape[0]!, query.shape[1]!, this.heads * this.#units]));
  }

  #project(name: string, x: Tensor): Tensor {
    const y = x.matmul(this.#own[`${name}Kernel`]!.read());
    const bias = this.#own[`${name}Bias`];
    return bias ? y.add(bias.read()) : y;
  }

  override config(): Json {
    const { keyUnits, dropout: rate = 0, causal = false, useBias = true } = this.#options;
    return { heads: this.heads, ...(keyUnits === undefined ? {} : { keyUnits }), dropout: rate, causal, useBias, name: this.name };
  }
  static fromConfig({ heads, ...options }: MultiHeadAttentionOptions & { heads: number }): MultiHeadAttention {
    return new MultiHeadAttention(heads, options);
  }
}
