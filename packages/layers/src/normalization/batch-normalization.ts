import { normalizeAxis, type Shape } from '@tessera/core';
import { batchNormalization, moveAxis, type Tensor, type Variable } from '@tessera/tensor';
import { ones, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module } from '../module.ts';
import type { AffineOptions } from './affine-options.ts';

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends AffineOptions {
  /** The axis of the features, batch included (default −1). */
  readonly axis?: number;
  /** How much of the moving statistics stays at each step (default 0.99; PyTorch's momentum 0.1 is 0.9 here). */
  readonly momentum?: number;
  /** Whether the moving variance divides by n − 1, as PyTorch's does (default `false`, as Keras). */
  readonly unbiasedMovingVariance?: boolean;
}

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, for each feature over all other axes: of the batch when training, which also
 * updates the moving statistics, and of the moving statistics otherwise.
 *
 * Shapes: y as x; γ, β and the statistics `[features]`.
 *
 * @see Ioffe, Szegedy 2015, "Batch Normalization", algorithms 1 and 2. https://arxiv.org/abs/1502.03167
 */
export class BatchNormalization extends Module {
  static readonly className = 'BatchNormalization';
  readonly className = 'BatchNormalization';
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean!: Variable;
  movingVariance!: Variable;
  readonly #options: BatchNormalizationOptions;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
    this.#options = options;
  }

  protected override create(inputShape: Shape): void {
    const { axis = -1, center = true, scale = true } = this.#options;
    const full = [0, ...inputShape];
    const shape = [full[normalizeAxis('BatchNormalization', axis, full)]!];
    if (scale) this.gamma = this.variable('gamma', { shape, initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape, initializer: zeros() });
    this.movingMean = this.variable('movingMean', { shape, initializer: zeros(), trainable: false });
    this.movingVariance = this.variable('movingVariance', { shape, initializer: ones(), trainable: false });
  }

  override call(x: Tensor, { training = false }: CallContext = {}): Tensor {
    const { axis = -1, epsilon = 1e-3 } = this.#options;
    const feature = normalizeAxis('BatchNormalization', axis, x.shape);
    if (training) return this.#ofBatch(x, feature);
    const along = x.shape.map((length, a) => (a === feature ? length : 1));
    const [mean, variance] = [this.movingMean.read(), this.movingVariance.read()];
    const y = x.sub(mean.reshape(along)).div(variance.reshape(along).add(epsilon).sqrt());
    const scaled = this.gamma ? y.mul(this.gamma.read().reshape(along)) : y;
    return this.beta ? scaled.add(this.beta.read().reshape(along)) : scaled;
  }

  /** By the statistics of the batch, which move the others. */
  #ofBatch(x: Tensor, feature: number): Tensor {
    const { epsilon = 1e-3, momentum = 0.99, unbiasedMovingVariance = false } = this.#options;
    const options = { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon };
    const { y, mean, variance } = batchNormalization(moveAxis(x, feature, -1), options);
    const count = x.size / x.shape[feature]!;
    const observed = unbiasedMovingVariance ? variance.mul(count / (count - 1)) : variance;
    const blend = (moving: Variable, batch: Tensor): void =>
      moving.assign(
        moving
          .read()
          .mul(momentum)
          .add(batch.mul(1 - momentum)),
      );
    blend(this.movingMean, mean);
    blend(this.movingVariance, observed);
    return moveAxis(y, -1, feature);
  }

  override config(): Json {
    return { ...this.#options, name: this.name } as Json;
  }
  static fromConfig(options: BatchNormalizationOptions): BatchNormalization {
    return new BatchNormalization(options);
  }
}
