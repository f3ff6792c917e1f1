import { normalizeAxis, type Shape, UsageError } from '@tessera/core';
import { groupNormalization, moveAxis, type Tensor, type Variable } from '@tessera/tensor';
import { ones, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module } from '../module.ts';
import type { AffineOptions } from './affine-options.ts';

/** Options of {@link GroupNormalization}. */
export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the features are divided into; −1 for one each, which is instance normalisation (default 32). */
  readonly groups?: number;
  /** The axis of the features, batch included (default −1). */
  readonly axis?: number;
}

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, over groups of neighbouring features and all places of each example; the same in training and out
 * of it.
 *
 * Shapes: y as x; γ and β `[features]`.
 *
 * @see Wu, He 2018, "Group Normalization". https://arxiv.org/abs/1803.08494
 */
export class GroupNormalization extends Module {
  static readonly className = 'GroupNormalization';
  readonly className = 'GroupNormalization';
  gamma: Variable | undefined;
  beta: Variable | undefined;
  readonly #options: GroupNormalizationOptions;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options);
    this.#options = options;
  }

  protected override create(inputShape: Shape): void {
    const { axis = -1, center = true, scale = true } = this.#options;
    const full = [0, ...inputShape];
    const features = full[normalizeAxis('GroupNormalization', axis, full)]!;
    const groups = this.#groups(features);
    if (!Number.isInteger(groups) || groups < 1 || features % groups !== 0) {
      throw new UsageError(`[GroupNormalization] features must be a multiple of groups: got ${features} and ${groups}. Or set groups: -1.`);
    }
    if (scale) this.gamma = this.variable('gamma', { shape: [features], initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape: [features], initializer: zeros() });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { axis = -1, epsilon = 1e-3 } = this.#options;
    const options = { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon };
    const last = moveAxis(x, axis, -1);
    return moveAxis(groupNormalization(last, this.#groups(last.shape.at(-1)!), options), -1, axis);
  }

  #groups(features: number): number {
    const { groups = 32 } = this.#options;
    return groups === -1 ? features : groups;
  }

  override config(): Json {
    return { ...this.#options, name: this.name } as Json;
  }
  static fromConfig(options: GroupNormalizationOptions): GroupNormalization {
    return new GroupNormalization(options);
  }
}
