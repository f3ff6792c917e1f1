import { normalizeAxis, type Shape, sizeOf } from '@tessera/core';
import { batchNormalization, moveAxis, type Tensor, type Variable, where } from '@tessera/tensor';
import { broadcastMask } from '../broadcast-mask.ts';
import { ones, zeros } from '../initializers.ts';
import type { CallContext } from '../module/context.ts';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { flag, rate, whole } from '../options/rows.ts';
import { type AffineOptions, affineRows } from './affine-options.ts';

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends AffineOptions {
  /** The axis of the features, batch included (default −1). */
  readonly axis?: number | undefined;
  /** How much of the moving statistics stays at each step (default 0.99; PyTorch's momentum 0.1 is 0.9 here). */
  readonly momentum?: number | undefined;
  /** Whether the moving variance divides by n − 1, as PyTorch's does (default `false`, as Keras). */
  readonly unbiasedMovingVariance?: boolean | undefined;
}

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, for each feature over all other axes: of the batch when training, which also updates the moving
 * statistics, and of the moving statistics otherwise. Where x has a mask, only its real steps count in the statistics of the batch.
 *
 * A layer that is frozen (`trainable = false`) works with its moving statistics in training too, and leaves them as they are.
 *
 * Shapes: y as x; γ, β and the statistics `[features]`. The mask of x is that of y.
 *
 * @throws ShapeError if x does not have the axis.
 * @see Ioffe, Szegedy 2015, "Batch Normalization", algorithms 1 and 2. https://arxiv.org/abs/1502.03167
 * @example
 * new Sequential([new Conv2D(32, 3, { useBias: false }), new BatchNormalization(), new Activation(relu)])
 */
export class BatchNormalization extends Module {
  static readonly className = 'BatchNormalization';
  static readonly options: Options<BatchNormalizationOptions> = withRows(affineRows, {
    axis: whole(-1),
    momentum: rate(0.99),
    unbiasedMovingVariance: flag(false),
  });
  declare readonly options: Resolved<BatchNormalizationOptions>;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean!: Variable;
  movingVariance!: Variable;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(input: TensorSpec): void {
    const { axis, center, scale } = this.options;
    const full = [0, ...input.shape];
    const shape = [full[normalizeAxis('BatchNormalization', axis, full)]!];
    if (scale) this.gamma = this.variable('gamma', { shape, initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape, initializer: zeros() });
    this.movingMean = this.variable('movingMean', { shape, initializer: zeros(), trainable: false });
    this.movingVariance = this.variable('movingVariance', { shape, initializer: ones(), trainable: false });
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    const feature = normalizeAxis('BatchNormalization', this.options.axis, x.shape);
    if (!training || !this.trainable) return this.#normalized(x, feature, this.movingMean.read(), this.movingVariance.read());
    return x.mask ? this.#ofRealSteps(x, x.mask, feature) : this.#ofBatch(x, feature);
  }

  /** By the statistics of the batch. */
  #ofBatch(x: Tensor, feature: number): Tensor {
    const { epsilon, unbiasedMovingVariance } = this.options;
    const options = { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon };
    const { y, mean, variance } = batchNormalization(moveAxis(x, feature, -1), options);
    const count = x.size / x.shape[feature]!;
    const observed = unbiasedMovingVariance ? variance.mul(count / (count - 1)) : variance;
    this.#move(mean, observed);
    return moveAxis(y, -1, feature);
  }

  /** By the statistics of the real steps of the batch; where there are none, these are 0. */
  #ofRealSteps(x: Tensor, mask: Tensor, feature: number): Tensor {
    const over = { axis: x.shape.flatMap((_, axis) => (axis === feature ? [] : [axis])), keepDims: true };
    const real = broadcastMask(mask, x);
    const places = sizeOf(x.shape.filter((_, axis) => axis >= 2 && axis !== feature));
    const count = real.astype('float32').sum(over).mul(places);
    const mean = where(real, x, 0).sum(over).div(count.maximum(1));
    const squares = where(real, x.sub(mean), 0).square().sum(over);
    const variance = squares.div(count.maximum(1));
    const observed = this.options.unbiasedMovingVariance ? squares.div(count.sub(1).maximum(1)) : variance;
    const features = [x.shape[feature]!];
    this.#move(mean.reshape(features), observed.reshape(features));
    return this.#normalized(x, feature, mean, variance);
  }

  /** (x − μ)/√(σ² + ε)·γ + β */
  #normalized(x: Tensor, feature: number, mean: Tensor, variance: Tensor): Tensor {
    const along: Shape = x.shape.map((length, axis) => (axis === feature ? length : 1));
    const y = x.sub(mean.reshape(along)).div(variance.reshape(along).add(this.options.epsilon).sqrt());
    const scaled = this.gamma ? y.mul(this.gamma.read().reshape(along)) : y;
    return this.beta ? scaled.add(this.beta.read().reshape(along)) : scaled;
  }

  /** Moves the statistics towards those of a batch. */
  #move(mean: Tensor, variance: Tensor): void {
    const { momentum } = this.options;
    const blend = (moving: Variable, batch: Tensor): void =>
      moving.assign(
        moving
          .read()
          .mul(momentum)
          .add(batch.mul(1 - momentum)),
      );
    blend(this.movingMean, mean);
    blend(this.movingVariance, variance);
  }
}
