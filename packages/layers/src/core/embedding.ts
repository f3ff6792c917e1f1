import { notEqual, setMask, take, type Tensor, type Variable } from '@tessera/tensor';
import type { Constraint } from '../constraints.ts';
import { type Initializer, randomUniform } from '../initializers.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, flag } from '../options/rows.ts';
import { constraint, initializer, regularizer } from '../options/value-rows.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends ModuleOptions {
  /** Whether index 0 is padding, which the mask of the output leaves out (default `false`). */
  readonly maskZero?: boolean | undefined;
  /** Default uniform within ±0.05. */
  readonly embeddingsInitializer?: Initializer | undefined;
  readonly embeddingsRegularizer?: Regularizer | undefined;
  readonly embeddingsConstraint?: Constraint | undefined;
}

type Config = EmbeddingOptions & { readonly vocabulary: number; readonly units: number };

/**
 * y[n, …, :] = E[x[n, …], :]: a vector for each index.
 *
 * Shapes: x indices `[N, ...]` from 0 to vocabulary − 1, of any number dtype → `[N, ..., units]`; E `[vocabulary, units]`.
 * An index out of range gives NaN. With `maskZero` the mask of y `[N, T, units]` is x ≠ 0.
 *
 * @example
 * new Embedding(5000, 64, { maskZero: true }).apply(tokens)
 */
export class Embedding extends Module {
  static readonly className = 'Embedding';
  static readonly positional: readonly string[] = ['vocabulary', 'units'];
  static readonly options: Options<Config> = {
    vocabulary: count(),
    units: count(),
    maskZero: flag(false),
    embeddingsInitializer: initializer(randomUniform),
    embeddingsRegularizer: regularizer(),
    embeddingsConstraint: constraint(),
  };
  declare readonly options: Resolved<Config, 'embeddingsRegularizer' | 'embeddingsConstraint'>;
  embeddings!: Variable;

  constructor(vocabulary: number, units: number, options: EmbeddingOptions = {}) {
    super({ ...options, vocabulary, units });
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(): void {
    const { vocabulary, units, embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint } = this.options;
    this.embeddings = this.variable('embeddings', {
      shape: [vocabulary, units],
      initializer: embeddingsInitializer,
      regularizer: embeddingsRegularizer,
      constraint: embeddingsConstraint,
    });
  }

  override call(x: Tensor): Tensor {
    const y = take(this.embeddings.read(), x.astype('int32'));
    if (this.options.maskZero && x.rank === 2) setMask(y, x.mask ?? notEqual(x, 0));
    return y;
  }
}
