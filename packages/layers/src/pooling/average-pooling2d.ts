import type { Shape } from '@tessera/core';
import { averagePool, type AveragePoolingOptions, type PerAxis, type Tensor } from '@tessera/tensor';
import { expectCounts } from '../expect.ts';
import { type Json, Module, type ModuleOptions } from '../module.ts';

/** Options of {@link AveragePooling2D}: strides (default the pool's size), padding, ceilMode and what the operation takes besides. */
export interface AveragePooling2DOptions extends ModuleOptions, AveragePoolingOptions {}

/** The mean of each window. Shapes: x `[N, H, W, C]` → `[N, H', W', C]`. */
export class AveragePooling2D extends Module {
  static readonly className = 'AveragePooling2D';
  readonly className = 'AveragePooling2D';
  readonly poolSize: PerAxis;
  readonly #options: AveragePooling2DOptions;

  constructor(poolSize: PerAxis = 2, options: AveragePooling2DOptions = {}) {
    super(options);
    expectCounts('AveragePooling2D', 'poolSize', [poolSize].flat());
    this.poolSize = poolSize;
    this.#options = options;
  }
  protected override create(inputShape: Shape): void {
    this.expectInput(3, inputShape, '[N, H, W, C]');
  }
  override call(x: Tensor): Tensor {
    return averagePool(x, this.poolSize, this.#options);
  }
  override config(): Json {
    return { ...this.#options, poolSize: this.poolSize, name: this.name } as Json;
  }
  static fromConfig({ poolSize, ...options }: AveragePooling2DOptions & { poolSize: PerAxis }): AveragePooling2D {
    return new AveragePooling2D(poolSize, options);
  }
}
