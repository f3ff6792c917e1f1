import { maxPool, type PerAxis, type Tensor } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type WindowConfig, type WindowOptions, windowRows } from './pooling-options.ts';

/** Options of {@link MaxPooling2D}. */
export type MaxPooling2DOptions = WindowOptions;

/**
 * y[n, i, j, c] = max x[n, i·s + k·d − p, j·s + l·d − p, c] over the places (k, l) of a window; padding counts as −∞.
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', C]`. The size of the pool is 2 by default.
 *
 * @throws UsageError if x does not have four axes.
 * @example
 * new MaxPooling2D(2).apply(images) // [N, H/2, W/2, C]
 */
export class MaxPooling2D extends Module {
  static readonly className = 'MaxPooling2D';
  static readonly positional: readonly string[] = ['poolSize'];
  static readonly options: Options<WindowConfig> = windowRows(2);
  declare readonly options: Resolved<WindowConfig, 'strides'>;

  constructor(poolSize?: PerAxis, options: MaxPooling2DOptions = {}) {
    super({ ...options, poolSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
  }

  override call(x: Tensor): Tensor {
    const { poolSize, strides = poolSize, ...options } = this.options;
    return maxPool(x, poolSize, { ...options, strides });
  }
}
