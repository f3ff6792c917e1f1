import { any, type Tensor, where } from '@tessera/tensor';
import { broadcastMask } from '../broadcast-mask.ts';
import { Module } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { type GlobalPoolingOptions, globalPoolingRows } from './global-pooling-options.ts';

/**
 * y[n, c] = max_t x[n, t, c] over the steps t: with a mask of x, over the real ones alone.
 *
 * Shapes: x `[N, T, C]` → `[N, C]`, or `[N, 1, C]` with `keepDims`. A sequence without a real step gives 0.
 *
 * @throws UsageError if x does not have three axes.
 * @see Kim 2014, "Convolutional Neural Networks for Sentence Classification", eq. 4 and below. https://arxiv.org/abs/1408.5882
 * @example
 * new Sequential([new Conv1D(64, 5, { activation: relu }), new GlobalMaxPooling1D()])
 */
export class GlobalMaxPooling1D extends Module {
  static readonly className = 'GlobalMaxPooling1D';
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
    if (!x.mask) return x.max(over);
    const real = broadcastMask(x.mask, x);
    return where(any(real, over), where(real, x, -Infinity).max(over), 0);
  }
}
