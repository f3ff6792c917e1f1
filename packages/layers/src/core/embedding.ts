import type { Shape } from '@tessera/core';
import { take, type Tensor, type Variable } from '@tessera/tensor';
import { expectCount } from '../expect.ts';
import { type Initializer, randomUniform } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends ModuleOptions {
  /** Default uniform within ±0.05. */
  readonly embeddingsInitializer?: Initializer;
  readonly embeddingsRegularizer?: Regularizer;
}

/**
 * y[n, …, :] = E[x[n, …], :]: a vector for each index.
 *
 * Shapes: x indices `[N, ...]` from 0 to vocabulary − 1, of any number dtype → `[N, ..., units]`; E `[vocabulary, units]`.
 * An index out of range gives NaN.
 *
 * @example
 * new Embedding(5000, 64).apply(tokens)
 */
export class Embedding extends Module {
  static readonly className = 'Embedding';
  readonly className = 'Embedding';
  readonly vocabulary: number;
  readonly units: number;
  embeddings!: Variable;
  readonly #options: EmbeddingOptions;

  constructor(vocabulary: number, units: number, options: EmbeddingOptions = {}) {
    super(options);
    expectCount('Embedding', 'vocabulary', vocabulary);
    expectCount('Embedding', 'units', units);
    this.vocabulary = vocabulary;
    this.units = units;
    this.#options = options;
  }

  protected override create(_inputShape: Shape): void {
    const { embeddingsInitializer = randomUniform(), embeddingsRegularizer } = this.#options;
    this.embeddings = this.variable('embeddings', {
      shape: [this.vocabulary, this.units],
      initializer: embeddingsInitializer,
      regularizer: embeddingsRegularizer,
    });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    return take(this.embeddings.read(), x.astype('int32'));
  }

  override config(): Json {
    return { vocabulary: this.vocabulary, units: this.units, name: this.name };
  }
  static fromConfig({ vocabulary, units, ...options }: EmbeddingOptions & { vocabulary: number; units: number }): Embedding {
    return new Embedding(vocabulary, units, options);
  }
}
