import { dropout, type Tensor } from '@tessera/tensor';
import type { CallContext } from '../module/context.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { Options, Resolved } from '../options/option.ts';
import { rate } from '../options/rows.ts';

type Config = ModuleOptions & { readonly rate: number };

/**
 * When training, y = x·m/(1 − rate) with m = 0 at random places, a share `rate` of all, and 1 elsewhere; else y = x.
 *
 * Shapes: y as x. The mask of x is that of y.
 *
 * @throws UsageError when training without a source of random numbers.
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
 * @example
 * new Dropout(0.5).apply(x, { training: true, random: new Random(0) })
 */
export class Dropout extends Module {
  static readonly className = 'Dropout';
  static readonly positional: readonly string[] = ['rate'];
  static readonly options: Options<Config> = { rate: rate() };
  declare readonly options: Resolved<Config>;

  constructor(rate: number, options: ModuleOptions = {}) {
    super({ ...options, rate });
  }

  override get supportsMask(): boolean {
    return true;
  }

  override call(x: Tensor, context: CallContext): Tensor {
    if (!context.training || this.options.rate === 0) return x;
    return dropout(x, this.options.rate, context.random);
  }
}
