import { UsageError } from '@tessera/core';
import { any, maskOf, scaledDotProductAttention, setMask, type Tensor, type Variable, where } from '@tessera/tensor';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import type { CallContext } from '../module/context.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { SpecsOf, TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, flag, optionalCount, rate } from '../options/rows.ts';
import { initializer } from '../options/value-rows.ts';
import { attended, type AttentionInput, specsOfAttended, visible } from './input.ts';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends ModuleOptions {
  /** Units of each head (default features/heads, of the query). */
  readonly keyUnits?: number | undefined;
  /** The rate at which weights of attention are dropped in training (default 0). */
  readonly dropout?: number | undefined;
  /** Whether a query sees only the keys up to its own place (default `false`). */
  readonly causal?: boolean | undefined;
  /** Default `true`. */
  readonly useBias?: boolean | undefined;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer | undefined;
}

type Config = MultiHeadAttentionOptions & { readonly heads: number };

/** x·W + b */
interface Projection {
  readonly kernel: Variable;
  readonly bias: Variable | undefined;
}

/**
 * For each head, softmax(Q·Kᵀ/√d)·V of projections of queries, keys and values; the heads side by side are projected once more.
 *
 * Called on one tensor, sequences attend to themselves.
 *
 * Shapes: query `[N, T, F]`, key `[N, S, Fk]`, value `[N, S, Fv]` → `[N, T, F]`; kernels of query, key and value
 * `[F | Fk | Fv, heads·d]`, of the output `[heads·d, F]`. A mask broadcasts to `[N, heads, T, S]`, or is bool `[N, S]`; where there is
 * none, that of the key holds. A query that sees no key gives 0. The mask of the query is that of the output.
 *
 * @throws UsageError if the features are no multiple of the heads.
 * @example
 * new MultiHeadAttention(8).apply(x)
 * new MultiHeadAttention(8).apply({ query: decoded, key: encoded, mask: notEqual(source, 0) })
 * @see Vaswani et al. 2017, "Attention Is All You Need". https://arxiv.org/abs/1706.03762
 */
export class MultiHeadAttention extends Module<Tensor | AttentionInput> {
  static readonly className = 'MultiHeadAttention';
  static readonly positional: readonly string[] = ['heads'];
  static readonly options: Options<Config> = {
    heads: count(),
    keyUnits: optionalCount(),
    dropout: rate(0),
    causal: flag(false),
    useBias: flag(true),
    kernelInitializer: initializer(glorotUniform),
  };
  declare readonly options: Resolved<Config, 'keyUnits'>;
  query!: Projection;
  key!: Projection;
  value!: Projection;
  output!: Projection;

  constructor(heads: number, options: MultiHeadAttentionOptions = {}) {
    super({ ...options, heads });
  }

  protected override create(input: TensorSpec | SpecsOf<AttentionInput>): void {
    const { query, key, value } = specsOfAttended(input);
    for (const one of [query, key, value]) this.expectInput(one, 2, '[N, T, features]');
    const { heads, keyUnits } = this.options;
    const features = query.shape[1]!;
    if (keyUnits === undefined && features % heads !== 0) {
      throw new UsageError(`[MultiHeadAttention] features must be a multiple of heads: got ${features} for ${heads}. Or set keyUnits.`);
    }
    const width = heads * (keyUnits ?? features / heads);
    this.query = this.#projection('query', features, width);
    this.key = this.#projection('key', key.shape[1]!, width);
    this.value = this.#projection('value', value.shape[1]!, width);
    this.output = this.#projection('output', width, features);
  }

  #projection(name: string, features: number, units: number): Projection {
    const { useBias, kernelInitializer } = this.options;
    return {
      kernel: this.variable(`${name}Kernel`, { shape: [features, units], initializer: kernelInitializer }),
      bias: useBias ? this.variable(`${name}Bias`, { shape: [units], initializer: zeros() }) : undefined,
    };
  }

  override call(input: Tensor | AttentionInput, context: CallContext): Tensor {
    const { query, key, value, mask } = attended(input);
    const { heads, causal } = this.options;
    const [n, t] = query.shape as [number, number, number];
    const split = (x: Tensor): Tensor => x.reshape([n, x.shape[1]!, heads, x.shape[2]! / heads]).transpose([0, 2, 1, 3]);
    const q = split(project(query, this.query));
    const k = split(project(key, this.key));
    const v = split(project(value, this.value));
    const dropout = context.training ? this.options.dropout : 0;
    const random = dropout > 0 ? context.random : undefined;
    const limits = mask && visible(this.className, mask, [n, heads, t, key.shape[1]!], causal);
    const read = scaledDotProductAttention(q, k, v, { mask: limits?.mask, causal, dropout, random });
    const y = (limits ? where(limits.seen, read, 0) : read).transpose([0, 2, 1, 3]).reshape([n, t, this.output.kernel.shape[0]!]);
    const projected = project(y, this.output);
    // The output's bias is not what a query read.
    const output = limits ? where(any(limits.seen, { axis: 1 }), projected, 0) : projected;
    setMask(output, maskOf(query));
    return output;
  }
}

function project(x: Tensor, { kernel, bias }: Projection): Tensor {
  const y = x.matmul(kernel.read());
  return bias ? y.add(bias.read()) : y;
}
