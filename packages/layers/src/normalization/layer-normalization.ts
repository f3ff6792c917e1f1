import { normalizeAxes, type Shape } from '@tessera/core';
import { layerNormalization, type Tensor, type Variable } from '@tessera/tensor';
import { ones, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module } from '../module.ts';
import type { AffineOptions } from './affine-options.ts';

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends AffineOptions {
  /** The axes of one example that are normalised together, batch included (default −1). */
  readonly axis?: number | readonly number[];
}

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, over some axes of each example; the same in training and out of it.
 *
 * Shapes: y as x; γ and β those of the axes.
 *
 * @see Ba, Kiros, Hinton 2016, "Layer Normalization". https://arxiv.org/abs/1607.06450
 */
export class LayerNormalization extends Module {
  static readonly className = 'LayerNormalization';
  readonly className = 'LayerNormalization';
  gamma: Variable | undefined;
  beta: Variable | undefined;
  readonly #options: LayerNormalizationOptions;

  constructor(options: LayerNormalizationOptions = {}) {
    super(options);
    this.#options = options;
  }

  protected override create(inputShape: Shape): void {
    const { axis = -1, center = true, scale = true } = this.#options;
    const shape = alongAxes('LayerNormalization', axis, [1, ...inputShape]);
    if (scale) this.gamma = this.variable('gamma', { shape, initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape, initializer: zeros() });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { axis = -1, epsilon = 1e-3 } = this.#options;
    if (isLast(axis, x.rank)) return layerNormalization(x, { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon });
    const centred = x.sub(x.mean({ axis, keepDims: true }));
    const y = centred.div(centred.square().mean({ axis, keepDims: true }).add(epsilon).sqrt());
    const scaled = this.gamma ? y.mul(this.gamma.read()) : y;
    return this.beta ? scaled.add(this.beta.read()) : scaled;
  }

  override config(): Json {
    return { ...this.#options, name: this.name } as Json;
  }
  static fromConfig(options: LayerNormalizationOptions): LayerNormalization {
    return new LayerNormalization(options);
  }
}

/** The lengths of the axes from the first of `axes` on, 1 for those between that are not among them: broadcasts against x. */
export function alongAxes(layer: string, axis: number | readonly number[], shape: Shape): Shape {
  const axes = normalizeAxes(layer, axis, shape);
  const first = Math.min(...axes);
  return shape.slice(first).map((length, i) => (axes.includes(first + i) ? length : 1));
}

/** Whether an axis or axes are the last one alone, for which there is one op. */
export function isLast(axis: number | readonly number[], rank: number): boolean {
  const [only, ...others] = [axis].flat();
  return others.length === 0 && (only === -1 || only === rank - 1);
}
