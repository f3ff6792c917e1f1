import type { Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';

/**
 * All axes but the batch become one.
 *
 * Shapes: x `[N, ...S]` → `[N, ΠS]`.
 *
 * @example
 * new Sequential([new Flatten(), new Dense(10)], { inputShape: [28, 28, 1] })
 */
export class Flatten extends Module {
  static readonly className = 'Flatten';

  constructor(options: ModuleOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return x.reshape([x.shape[0]!, x.shape.slice(1).reduce((a, b) => a * b, 1)]);
  }
}
