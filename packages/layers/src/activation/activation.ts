import type { Tensor } from '@tessera/tensor';
import type { ActivationFunction } from '../activations.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import { type Options, type Resolved, withRows } from '../options/option.ts';
import { activation } from '../options/rows.ts';

type Config = ModuleOptions & { readonly activation: ActivationFunction | string };

/**
 * y = f(x)
 *
 * Shapes: as those of f, which is given as a function or by its name. The mask of x is that of y.
 *
 * @example
 * new Activation(relu).apply(x)
 */
export class Activation extends Module {
  static readonly className = 'Activation';
  static readonly positional: readonly string[] = ['activation'];
  static readonly options: Options<Config> = { activation: withRows(activation(), { default: undefined }) };
  declare readonly options: Resolved<Config>;

  constructor(activation: ActivationFunction | string, options: ModuleOptions = {}) {
    super({ ...options, activation });
  }

  override get supportsMask(): boolean {
    return true;
  }

  override call(x: Tensor): Tensor {
    return this.options.activation(x);
  }
}
