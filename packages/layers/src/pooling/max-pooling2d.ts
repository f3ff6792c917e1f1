import type { Shape } from '@tessera/core';
import { maxPool, type PerAxis, type PoolingOptions, type Tensor } from '@tessera/tensor';
import { expectCounts } from '../expect.ts';
import { type Json, Module, type ModuleOptions } from '../module.ts';

/** Options of {@link MaxPooling2D}: strides (default the pool's size), padding, ceilMode and what the operation takes besides. */
export interface MaxPooling2DOptions extends ModuleOptions, PoolingOptions {}

/** The largest element of each window. Shapes: x `[N, H, W, C]` → `[N, H', W', C]`. */
export class MaxPooling2D extends Module {
  static readonly className = 'MaxPooling2D';
  readonly className = 'MaxPooling2D';
  readonly poolSize: PerAxis;
  readonly #options: MaxPooling2DOptions;

  constructor(poolSize: PerAxis = 2, options: MaxPooling2DOptions = {}) {
    super(options);
    expectCounts('MaxPooling2D', 'poolSize', [poolSize].flat());
    this.poolSize = poolSize;
    this.#options = options;
  }
  protected override create(inputShape: Shape): void {
    this.expectInput(3, inputShape, '[N, H, W, C]');
  }
  override call(x: Tensor): Tensor {
    return maxPool(x, this.poolSize, this.#options);
  }
  override config(): Json {
    return { ...this.#options, poolSize: this.poolSize, name: this.name } as Json;
  }
  static fromConfig({ poolSize, ...options }: MaxPooling2DOptions & { poolSize: PerAxis }): MaxPooling2D {
    return new MaxPooling2D(poolSize, options);
  }
}
