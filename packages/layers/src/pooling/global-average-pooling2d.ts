import type { Tensor } from '@tessera/tensor';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type GlobalPoolingOptions, globalPoolingRows } from './global-pooling-options.ts';

/**
 * y[n, c] = 1/(H·W) Σ_{i, j} x[n, i, j, c]
 *
 * Shapes: x `[N, H, W, C]` → `[N, C]`, or `[N, 1, 1, C]` with `keepDims`.
 *
 * @throws UsageError if x does not have four axes.
 * @see Lin, Chen, Yan 2013, "Network In Network", section 3.2. https://arxiv.org/abs/1312.4400
 * @example
 * new Sequential([new Conv2D(10, 3), new GlobalAveragePooling2D()])
 */
export class GlobalAveragePooling2D extends Module {
  static readonly className = 'GlobalAveragePooling2D';
  static readonly options: Options<GlobalPoolingOptions> = globalPoolingRows;
  declare readonly options: Resolved<GlobalPoolingOptions>;

  constructor(options: GlobalPoolingOptions = {}) {
    super(options);
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 3, '[N, H, W, C]');
  }

  override call(x: Tensor): Tensor {
    return x.mean({ axis: [1, 2], keepDims: this.options.keepDims });
  }
}
