import type { Tensor } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type GlobalPoolingOptions, globalPoolingRows } from './global-pooling-options.ts';

/**
 * y[n, c] = max_{i, j} x[n, i, j, c]
 *
 * Shapes: x `[N, H, W, C]` → `[N, C]`, or `[N, 1, 1, C]` with `keepDims`.
 *
 * @throws UsageError if x does not have four axes.
 * @see Oquab et al. 2015, "Is object localization for free?", section 3.1.
 * @example
 * new Sequential([new Conv2D(10, 3), new GlobalMaxPooling2D()])
 */
export class GlobalMaxPooling2D extends Module {
  static readonly className = 'GlobalMaxPooling2D';
  static readonly options: Options<GlobalPoolingOptions> = globalPoolingRows;
  declare readonly options: Resolved<GlobalPoolingOptions>;

  constructor(options: GlobalPoolingOptions = {}) {
    super(options);
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
  }

  override call(x: Tensor): Tensor {
    return x.max({ axis: [1, 2], keepDims: this.options.keepDims });
  }
}
