import { type Axes, layerNormalization, type Tensor, type Variable } from '@tessera/tensor';
import { ones, zeros } from '../initializers.ts';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { axes } from '../options/rows.ts';
import { type AffineOptions, affineRows } from './affine-options.ts';
import { alongAxes, isLast } from './axes.ts';

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends AffineOptions {
  /** The axes of one example that are normalised together, batch included (default −1). */
  readonly axis?: Axes | undefined;
}

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, over some axes of each example; the same in training and out of it.
 *
 * Shapes: y as x; γ and β those of the axes. The mask of x is that of y.
 *
 * @throws ShapeError if x does not have the axes.
 * @see Ba, Kiros, Hinton 2016, "Layer Normalization". https://arxiv.org/abs/1607.06450
 * @example
 * new LayerNormalization({ epsilon: 1e-5 }).apply(x)
 */
export class LayerNormalization extends Module {
  static readonly className = 'LayerNormalization';
  static readonly options: Options<LayerNormalizationOptions> = withRows(affineRows, { axis: axes(-1) });
  declare readonly options: Resolved<LayerNormalizationOptions>;
  gamma: Variable | undefined;
  beta: Variable | undefined;

  constructor(options: LayerNormalizationOptions = {}) {
    super(options);
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(input: TensorSpec): void {
    const { axis, center, scale } = this.options;
    const shape = alongAxes('LayerNormalization', axis, [1, ...input.shape]);
    if (scale) this.gamma = this.variable('gamma', { shape, initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape, initializer: zeros() });
  }

  override call(x: Tensor): Tensor {
    const { axis, epsilon } = this.options;
    if (isLast(axis, x.rank)) return layerNormalization(x, { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon });
    const centred = x.sub(x.mean({ axis, keepDims: true }));
    const y = centred.div(centred.square().mean({ axis, keepDims: true }).add(epsilon).sqrt());
    const scaled = this.gamma ? y.mul(this.gamma.read()) : y;
    return this.beta ? scaled.add(this.beta.read()) : scaled;
  }
}
