import { type Axes, rmsNormalization, type Tensor, type Variable } from '@tessera/tensor';
import { ones } from '../initializers.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { axes, number } from '../options/rows.ts';
import { alongAxes, isLast } from './axes.ts';

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends ModuleOptions {
  /** The axes of one example that are normalised together, batch included (default −1). */
  readonly axis?: Axes | undefined;
  /** ε (default 1e-6). */
  readonly epsilon?: number | undefined;
}

/**
 * y = x/√(E[x²] + ε)·γ, over some axes of each example.
 *
 * Shapes: y as x; γ that of the axes. The mask of x is that of y.
 *
 * @throws ShapeError if x does not have the axes.
 * @see Zhang, Sennrich 2019, "Root Mean Square Layer Normalization". https://arxiv.org/abs/1910.07467
 * @example
 * new RMSNormalization().apply(x)
 */
export class RMSNormalization extends Module {
  static readonly className = 'RMSNormalization';
  static readonly options: Options<RMSNormalizationOptions> = { axis: axes(-1), epsilon: number(1e-6, { least: 0 }) };
  declare readonly options: Resolved<RMSNormalizationOptions>;
  gamma!: Variable;

  constructor(options: RMSNormalizationOptions = {}) {
    super(options);
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(input: TensorSpec): void {
    const shape = alongAxes('RMSNormalization', this.options.axis, [1, ...input.shape]);
    this.gamma = this.variable('gamma', { shape, initializer: ones() });
  }

  override call(x: Tensor): Tensor {
    const { axis, epsilon } = this.options;
    if (isLast(axis, x.rank)) return rmsNormalization(x, { gamma: this.gamma.read(), epsilon });
    return x.div(x.square().mean({ axis, keepDims: true }).add(epsilon).sqrt()).mul(this.gamma.read());
  }
}
