import type { Tensor } from '@tessera/tensor';
import { modules } from '../options/rows.ts';
import type { Options } from '../options/option.ts';
import { nameModules } from './children.ts';
import { type AnyModule, Module, type ModuleOptions } from './module.ts';
import type { AxisLengths, TensorSpec } from './spec.ts';

/** Options of {@link Sequential}. */
export interface SequentialOptions extends ModuleOptions {
  /** The input's shape without the batch axis, or its spec; where it is given the model is built at once. */
  readonly inputShape?: AxisLengths | TensorSpec | undefined;
}

/**
 * One layer after another.
 *
 * @example
 * new Sequential([new Flatten(), new Dense(10, { activation: softmax })], { inputShape: [28, 28, 1] })
 */
export class Sequential extends Module {
  static readonly className = 'Sequential';
  static readonly positional: readonly string[] = ['layers'];
  static readonly options: Options<{ layers: readonly Module[] }> = { layers: modules() as never };
  readonly layers: readonly Module[];
  readonly #named: Record<string, AnyModule>;

  constructor(layers: readonly Module[], { inputShape, ...options }: SequentialOptions = {}) {
    super({ ...options, layers });
    this.layers = layers;
    this.#named = nameModules(this, layers);
    if (inputShape) this.build(inputShape);
  }

  override children(): Readonly<Record<string, AnyModule>> {
    return this.#named;
  }

  override call(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.apply(y), x);
  }
}
