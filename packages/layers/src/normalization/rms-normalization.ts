import type { Shape } from '@tessera/core';
import { rmsNormalization, type Tensor, type Variable } from '@tessera/tensor';
import { ones } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import { alongAxes, isLast } from './layer-normalization.ts';

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends ModuleOptions {
  /** The axes of one example that are normalised together, batch included (default −1). */
  readonly axis?: number | readonly number[];
  /** ε (default 1e-6). */
  readonly epsilon?: number;
}

/**
 * y = x/√(E[x²] + ε)·γ, over some axes of each example.
 *
 * Shapes: y as x; γ that of the axes.
 *
 * @see Zhang, Sennrich 2019, "Root Mean Square Layer Normalization". https://arxiv.org/abs/1910.07467
 */
export class RMSNormalization extends Module {
  static readonly className = 'RMSNormalization';
  readonly className = 'RMSNormalization';
  gamma!: Variable;
  readonly #options: RMSNormalizationOptions;

  constructor(options: RMSNormalizationOptions = {}) {
    super(options);
    this.#options = options;
  }

  protected override create(inputShape: Shape): void {
    const shape = alongAxes('RMSNormalization', this.#options.axis ?? -1, [1, ...inputShape]);
    this.gamma = this.variable('gamma', { shape, initializer: ones() });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { axis = -1, epsilon = 1e-6 } = this.#options;
    if (isLast(axis, x.rank)) return rmsNormalization(x, { gamma: this.gamma.read(), epsilon });
    return x.div(x.square().mean({ axis, keepDims: true }).add(epsilon).sqrt()).mul(this.gamma.read());
  }

  override config(): Json {
    return { ...this.#options, name: this.name } as Json;
  }
  static fromConfig(options: RMSNormalizationOptions): RMSNormalization {
    return new RMSNormalization(options);
  }
}
