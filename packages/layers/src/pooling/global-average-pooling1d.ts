import { type Tensor, where } from '@tessera/tensor';
import { broadcastMask } from '../broadcast-mask.ts';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type GlobalPoolingOptions, globalPoolingRows } from './global-pooling-options.ts';

/**
 * y[n, c] = Σ_t m[n, t]·x[n, t, c] / Σ_t m[n, t]: the mean over the steps t, with the mask m of x over the real ones alone.
 *
 * Shapes: x `[N, T, C]` → `[N, C]`, or `[N, 1, C]` with `keepDims`. A sequence without a real step gives 0.
 *
 * @throws UsageError if x does not have three axes.
 * @see Lin, Chen, Yan 2013, "Network In Network", section 3.2. https://arxiv.org/abs/1312.4400
 * @example
 * new Sequential([new Embedding(5000, 64, { maskZero: true }), new GlobalAveragePooling1D()])
 */
export class GlobalAveragePooling1D extends Module {
  static readonly className = 'GlobalAveragePooling1D';
  static readonly options: Options<GlobalPoolingOptions> = globalPoolingRows;
  declare readonly options: Resolved<GlobalPoolingOptions>;

  constructor(options: GlobalPoolingOptions = {}) {
    super(options);
  }

  protected override create(input: TensorSpec): void {
    this.expectInput(input, 2, '[N, T, C]');
  }

  override call(x: Tensor): Tensor {
    const over = { axis: 1, keepDims: this.options.keepDims };
    if (!x.mask) return x.mean(over);
    const real = broadcastMask(x.mask, x);
    return where(real, x, 0).sum(over).div(real.astype('float32').sum(over).maximum(1));
  }
}
