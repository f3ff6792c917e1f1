import { UsageError } from '@tessera/core';
import { dropout, type Tensor } from '@tessera/tensor';
import { expectRate } from '../expect.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';

/**
 * When training, each element is 0 with probability `rate` and otherwise scaled by 1/(1 − rate); else x itself.
 *
 * Shapes: y as x.
 *
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
 */
export class Dropout extends Module {
  static readonly className = 'Dropout';
  readonly className = 'Dropout';
  readonly rate: number;

  constructor(rate: number, options: ModuleOptions = {}) {
    super(options);
    expectRate('Dropout', 'rate', rate);
    this.rate = rate;
  }
  override call(x: Tensor, { training = false, random }: CallContext = {}): Tensor {
    if (!training || this.rate === 0) return x;
    if (!random)
      throw new UsageError('[Dropout] needs a source of random numbers when training. Pass { training: true, random: new Random(seed) }.');
    return dropout(x, this.rate, random.split(this.path));
  }
  override config(): Json {
    return { rate: this.rate, name: this.name };
  }
  static fromConfig({ rate, ...options }: ModuleOptions & { rate: number }): Dropout {
    return new Dropout(rate, options);
  }
}
