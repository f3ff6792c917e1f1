import { type Shape, UsageError } from '@tessera/core';
import { conv, type Padding, pad, type PadMode, type PerAxis, resolvePadding, type Tensor, type Variable } from '@tessera/tensor';
import { type ActivationFunction, activationName, resolveActivation } from '../activations.ts';
import { expectCount, expectCounts } from '../expect.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of {@link Conv2D}. */
export interface Conv2DOptions extends ModuleOptions {
  /** Default 1. */
  readonly strides?: PerAxis;
  /** Default `'valid'`. */
  readonly padding?: Padding;
  /** What is read beyond the border (default `'constant'`: zeros). */
  readonly paddingMode?: PadMode;
  /** Default 1. */
  readonly dilationRate?: PerAxis;
  /** Default 1. */
  readonly groups?: number;
  readonly activation?: ActivationFunction | string;
  /** Default `true`. */
  readonly useBias?: boolean;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer;
  /** Default zeros. */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

const pairOf = (value: PerAxis): readonly [number, number] => (typeof value === 'number' ? [value, value] : [value[0]!, value[1]!]);

/**
 * y[n, i, j, f] = activation(Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · W[k, l, c, f] + b[f])
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', filters]`; W `[KH, KW, C/groups, filters]`, b `[filters]`.
 *
 * @throws ShapeError if x does not have four axes or its channels do not fit the kernel.
 * @example
 * new Conv2D(32, 3, { padding: 'same', activation: relu }).apply(images)
 */
export class Conv2D extends Module {
  static readonly className = 'Conv2D';
  readonly className = 'Conv2D';
  readonly filters: number;
  readonly kernelSize: readonly [number, number];
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #options: Conv2DOptions;
  readonly #activation: ActivationFunction | undefined;

  constructor(filters: number, kernelSize: PerAxis, options: Conv2DOptions = {}) {
    super(options);
    expectCount('Conv2D', 'filters', filters);
    expectCount('Conv2D', 'groups', options.groups ?? 1);
    this.filters = filters;
    this.kernelSize = pairOf(kernelSize);
    expectCounts('Conv2D', 'kernelSize', this.kernelSize);
    this.#options = options;
    this.#activation = resolveActivation(options.activation);
  }

  protected override create(inputShape: Shape): void {
    this.expectInput(3, inputShape, '[N, H, W, C]');
    const {
      groups = 1,
      useBias = true,
      kernelInitializer = glorotUniform(),
      biasInitializer = zeros(),
      kernelRegularizer,
      biasRegularizer,
    } = this.#options;
    if (inputShape[2]! % groups !== 0 || this.filters % groups !== 0) {
      throw new UsageError(
        `[Conv2D] channels and filters must be multiples of groups: got ${inputShape[2]} and ${this.filters} with groups ${groups}`,
      );
    }
    const shape = [...this.kernelSize, inputShape[2]! / groups, this.filters];
    this.kernel = this.variable('kernel', { shape, initializer: kernelInitializer, regularizer: kernelRegularizer });
    if (useBias) this.bias = this.variable('bias', { shape: [this.filters], initializer: biasInitializer, regularizer: biasRegularizer });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { strides = 1, groups = 1, dilationRate = 1 } = this.#options;
    const [input, padding] = this.#padded(x);
    const y = conv(input, this.kernel.read(), { strides, padding, dilation: dilationRate, groups });
    const z = this.bias ? y.add(this.bias.read()) : y;
    return this.#activation ? this.#activation(z) : z;
  }

  /** Zeros are the convolution's own business; other borders are put on before. */
  #padded(x: Tensor): [Tensor, Padding] {
    const { strides = 1, padding = 'valid', paddingMode = 'constant', dilationRate = 1 } = this.#options;
    if (paddingMode === 'constant') return [x, padding];
    const edges = resolvePadding('Conv2D', padding, x.shape.slice(1, -1), this.kernelSize, pairOf(strides), pairOf(dilationRate));
    return [pad(x, [[0, 0], ...edges, [0, 0]], 0, paddingMode), 'valid'];
  }

  override config(): Json {
    const { strides = 1, padding = 'valid', paddingMode = 'constant', dilationRate = 1, groups = 1, useBias = true } = this.#options;
    return {
      filters: this.filters,
      kernelSize: this.kernelSize,
      strides,
      padding: padding as Json,
      paddingMode,
      dilationRate,
      groups,
      useBias,
      activation: activationName(this.#activation),
      name: this.name,
    };
  }
  static fromConfig({ filters, kernelSize, ...options }: Conv2DOptions & { filters: number; kernelSize: PerAxis }): Conv2D {
    return new Conv2D(filters, kernelSize, options);
  }
}
