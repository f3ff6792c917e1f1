import { averagePool, type PerAxis, type Tensor } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { flag } from '../options/rows.ts';
import { type WindowConfig, type WindowOptions, windowRows } from './pooling-options.ts';

/** Options of {@link AveragePooling2D}. */
export interface AveragePooling2DOptions extends WindowOptions {
  /** Whether padding counts among what is averaged (default `false`, as Keras; PyTorch's default is `true`). */
  readonly countIncludePadding?: boolean | undefined;
}

type Config = AveragePooling2DOptions & WindowConfig;

/**
 * y[n, i, j, c] = mean x[n, i·s + k·d − p, j·s + l·d − p, c] over the places (k, l) of a window.
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', C]`. The size of the pool is 2 by default.
 *
 * @throws UsageError if x does not have four axes.
 * @example
 * new AveragePooling2D(3, { strides: 1, padding: 'same' }).apply(images) // [N, H, W, C]
 */
export class AveragePooling2D extends Module {
  static readonly className = 'AveragePooling2D';
  static readonly positional: readonly string[] = ['poolSize'];
  static readonly options: Options<Config> = withRows(windowRows(2), { countIncludePadding: flag(false) });
  declare readonly options: Resolved<Config, 'strides'>;

  constructor(poolSize?: PerAxis, options: AveragePooling2DOptions = {}) {
    super({ ...options, poolSize });
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
  }

  override call(x: Tensor): Tensor {
    const { poolSize, strides = poolSize, ...options } = this.options;
    return averagePool(x, poolSize, { ...options, strides });
  }
}
