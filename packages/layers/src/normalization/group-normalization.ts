import { normalizeAxis, UsageError } from '@tessera/core';
import { groupNormalization, moveAxis, type Tensor, type Variable } from '@tessera/tensor';
import { ones, zeros } from '../initializers.ts';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { type Option, type Options, type Resolved, withRows } from '../options/option.ts';
import { whole } from '../options/rows.ts';
import { type AffineOptions, affineRows } from './affine-options.ts';

/** Options of {@link GroupNormalization}. */
export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the features are divided into; −1 for one each, which is instance normalisation (default 32). */
  readonly groups?: number | undefined;
  /** The axis of the features, batch included (default −1). */
  readonly axis?: number | undefined;
}

const groups: Option<number> = {
  default: 32,
  must: 'a whole number ≥ 1, or -1 for as many as there are features',
  accepts: (value) => Number.isInteger(value) && ((value as number) >= 1 || value === -1),
};

/**
 * y = (x − E[x])/√(Var[x] + ε)·γ + β, over groups of neighbouring features and all places of each example; the same in training and out
 * of it.
 *
 * Shapes: y as x; γ and β `[features]`. The mask of x is that of y; its padding counts among the places.
 *
 * @throws UsageError if the features cannot be divided into the groups.
 * @see Wu, He 2018, "Group Normalization". https://arxiv.org/abs/1803.08494
 * @example
 * new GroupNormalization({ groups: 8 }).apply(images)
 */
export class GroupNormalization extends Module {
  static readonly className = 'GroupNormalization';
  static readonly options: Options<GroupNormalizationOptions> = withRows(affineRows, { groups, axis: whole(-1) });
  declare readonly options: Resolved<GroupNormalizationOptions>;
  gamma: Variable | undefined;
  beta: Variable | undefined;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options);
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create(input: TensorSpec): void {
    const { axis, center, scale } = this.options;
    const full = [0, ...input.shape];
    const features = full[normalizeAxis('GroupNormalization', axis, full)]!;
    const count = this.#groups(features);
    if (features % count !== 0) {
      throw new UsageError(`[GroupNormalization] features must be a multiple of groups: got ${features} and ${count}. Or set groups: -1.`);
    }
    if (scale) this.gamma = this.variable('gamma', { shape: [features], initializer: ones() });
    if (center) this.beta = this.variable('beta', { shape: [features], initializer: zeros() });
  }

  override call(x: Tensor): Tensor {
    const { axis, epsilon } = this.options;
    const options = { gamma: this.gamma?.read(), beta: this.beta?.read(), epsilon };
    const last = moveAxis(x, axis, -1);
    return moveAxis(groupNormalization(last, this.#groups(last.shape.at(-1)!), options), -1, axis);
  }

  #groups(features: number): number {
    return this.options.groups === -1 ? features : this.options.groups;
  }
}
