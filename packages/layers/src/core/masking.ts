import { notEqual, setMask, type Tensor, where } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { number } from '../options/rows.ts';

/** Options of {@link Masking}. */
export interface MaskingOptions extends ModuleOptions {
  /** Default 0. */
  readonly maskValue?: number | undefined;
}

/**
 * Leaves out the steps of sequences whose features are all one value: they become 0, and the mask of y is false there.
 *
 * Shapes: x `[N, T, ...]` → the same.
 *
 * @example
 * new Sequential([new Masking({ maskValue: -1 }), new LSTM(32)])
 */
export class Masking extends Module {
  static readonly className = 'Masking';
  static readonly options: Options<MaskingOptions> = { maskValue: number(0) };
  declare readonly options: Resolved<MaskingOptions>;

  constructor(options: MaskingOptions = {}) {
    super(options);
  }

  protected override create(input: TensorSpec): void {
    if (input.shape.length < 2) this.expectInput(input, 2, '[N, T, features]');
  }

  override call(x: Tensor): Tensor {
    const features = Array.from({ length: x.rank - 2 }, (_, i) => i + 2);
    const real = notEqual(x, this.options.maskValue).astype('int32').max({ axis: features, keepDims: true }).astype('bool');
    const y = where(real, x, 0);
    setMask(y, real.reshape([x.shape[0]!, x.shape[1]!]));
    return y;
  }
}
