import { dropout, maskOf, setMask, softmax, tanh, type Tensor, type Variable, where } from '@tessera/tensor';
import { glorotUniform, type Initializer } from '../initializers.ts';
import type { CallContext } from '../module/context.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { SpecsOf } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, rate } from '../options/rows.ts';
import { initializer } from '../options/value-rows.ts';
import { attended, type AttentionInput, specsOfAttended, visible } from './input.ts';

/** Options of {@link AdditiveAttention}. */
export interface AdditiveAttentionOptions extends ModuleOptions {
  /** The rate at which weights of attention are dropped in training (default 0). */
  readonly dropout?: number | undefined;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer | undefined;
}

type Config = AdditiveAttentionOptions & { readonly units: number };

/**
 * y[t] = Σₛ softmaxₛ(v·tanh(q[t]·W + k[s]·U))·value[s]: Bahdanau's attention.
 *
 * Shapes: query `[N, T, F]`, key `[N, S, Fk]`, value `[N, S, Fv]` → `[N, T, Fv]`; W `[F, units]`, U `[Fk, units]`, v `[units]`; it
 * holds `[N, T, S, units]` in memory. A mask is bool `[N, S]`, or broadcasts to `[N, T, S]`; where there is none, that of the key
 * holds. A query that sees no key gives 0. The mask of the query is that of the output.
 *
 * @example
 * new AdditiveAttention(128).apply({ query: decoded, key: encoded, mask: notEqual(source, 0) })
 * @see Bahdanau, Cho, Bengio 2014, "Neural Machine Translation by Jointly Learning to Align and Translate", section A.1.2.
 * https://arxiv.org/abs/1409.0473
 */
export class AdditiveAttention extends Module<AttentionInput> {
  static readonly className = 'AdditiveAttention';
  static readonly positional: readonly string[] = ['units'];
  static readonly options: Options<Config> = {
    units: count(),
    dropout: rate(0),
    kernelInitializer: initializer(glorotUniform),
  };
  declare readonly options: Resolved<Config>;
  queryKernel!: Variable;
  keyKernel!: Variable;
  scale!: Variable;

  constructor(units: number, options: AdditiveAttentionOptions = {}) {
    super({ ...options, units });
  }

  protected override create(input: SpecsOf<AttentionInput>): void {
    const { query, key, value } = specsOfAttended(input);
    for (const one of [query, key, value]) this.expectInput(one, 2, '[N, T, features]');
    const { units, kernelInitializer } = this.options;
    this.queryKernel = this.variable('queryKernel', { shape: [query.shape[1]!, units], initializer: kernelInitializer });
    this.keyKernel = this.variable('keyKernel', { shape: [key.shape[1]!, units], initializer: kernelInitializer });
    this.scale = this.variable('scale', { shape: [units], initializer: kernelInitializer });
  }

  override call(input: AttentionInput, context: CallContext): Tensor {
    const { query, key, value, mask } = attended(input);
    const q = query.matmul(this.queryKernel.read()).expandDims(2);
    const k = key.matmul(this.keyKernel.read()).expandDims(1);
    const scores = tanh(q.add(k)).matmul(this.scale.read());
    const limits = mask && visible(this.className, mask, scores.shape);
    const weights = softmax(limits ? limited(scores, limits.mask) : scores);
    const rate = context.training ? this.options.dropout : 0;
    const read = (rate > 0 ? dropout(weights, rate, context.random) : weights).matmul(value);
    const y = limits ? where(limits.seen, read, 0) : read;
    setMask(y, maskOf(query));
    return y;
  }
}

function limited(scores: Tensor, mask: Tensor): Tensor {
  return mask.dtype === 'bool' ? where(mask, scores, -Infinity) : scores.add(mask);
}
