import { formatShape, type Shape, UsageError } from '@tessera/core';
import { conv, type Padding, pad, type PadMode, type PerAxis, resolvePadding, type Tensor, type Variable } from '@tessera/tensor';
import { type ActivationFunction, activationName, resolveActivation } from '../activations.ts';
import { expectCount, expectCounts } from '../expect.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options that convolutions of every kind take. */
export interface KernelOptions extends ModuleOptions {
  /** Default 1. */
  readonly strides?: PerAxis;
  /** Default `'valid'`. */
  readonly padding?: Padding;
  /** Default 1. */
  readonly dilationRate?: PerAxis;
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

/** Options of convolutions. */
export interface ConvOptions extends KernelOptions {
  /** What is read beyond the border (default `'constant'`: zeros). */
  readonly paddingMode?: PadMode;
  /** Default 1. */
  readonly groups?: number;
}

const LAYOUTS = ['', '[N, W, C]', '[N, H, W, C]', '[N, D, H, W, C]'];

/** What convolutions share: a kernel, perhaps a bias and an activation, over one, two or three spatial axes. */
export abstract class KernelLayer<O extends KernelOptions> extends Module {
  readonly kernelSize: readonly number[];
  kernel!: Variable;
  bias: Variable | undefined;
  protected readonly options: O;
  protected readonly rank: number;
  readonly #activation: ActivationFunction | undefined;

  constructor(layer: string, rank: number, kernelSize: PerAxis, options: O) {
    super(options);
    this.rank = rank;
    this.kernelSize = typeof kernelSize === 'number' ? new Array<number>(rank).fill(kernelSize) : [...kernelSize];
    expectCounts(layer, 'kernelSize', this.kernelSize);
    if (this.kernelSize.length !== rank) {
      throw new UsageError(`[${layer}] kernelSize must be a number or ${rank} of them: got ${formatShape(this.kernelSize)}`);
    }
    this.options = options;
    this.#activation = resolveActivation(options.activation);
  }

  /** Makes the kernel, of so many axes, and the bias. */
  protected createKernel(inputShape: Shape, ends: readonly [number, number], filters: number): void {
    const { useBias = true, kernelInitializer = glorotUniform(), biasInitializer = zeros() } = this.options;
    const { kernelRegularizer, biasRegularizer } = this.options;
    this.expectInput(this.rank + 1, inputShape, LAYOUTS[this.rank]!);
    const shape = [...this.kernelSize, ...ends];
    this.kernel = this.variable('kernel', { shape, initializer: kernelInitializer, regularizer: kernelRegularizer });
    if (useBias) this.bias = this.variable('bias', { shape: [filters], initializer: biasInitializer, regularizer: biasRegularizer });
  }

  /** activation(y + b) */
  protected finish(y: Tensor): Tensor {
    const z = this.bias ? y.add(this.bias.read()) : y;
    return this.#activation ? this.#activation(z) : z;
  }

  protected kernelConfig(): { readonly [key: string]: Json } {
    const { strides = 1, padding = 'valid', dilationRate = 1, useBias = true } = this.options;
    const activation = activationName(this.#activation);
    return {
      kernelSize: this.kernelSize,
      strides,
      padding: padding as Json,
      dilationRate,
      useBias,
      ...(activation === undefined ? {} : { activation }),
      name: this.name,
    };
  }
}

/** y[n, s, f] = activation(Σ x[n, s·stride + k·dilation − p, c] · W[k, c, f] + b[f]) over so many spatial axes. */
abstract class Conv extends KernelLayer<ConvOptions> {
  readonly filters: number;

  constructor(layer: string, rank: number, filters: number, kernelSize: PerAxis, options: ConvOptions) {
    super(layer, rank, kernelSize, options);
    expectCount(layer, 'filters', filters);
    expectCount(layer, 'groups', options.groups ?? 1);
    this.filters = filters;
  }

  protected override create(inputShape: Shape): void {
    const { groups = 1 } = this.options;
    const channels = inputShape.at(-1)!;
    if (inputShape.length === this.rank + 1 && (channels % groups !== 0 || this.filters % groups !== 0)) {
      throw new UsageError(
        `[${this.className}] channels and filters must be multiples of groups: got ${channels} and ${this.filters} with groups ${groups}`,
      );
    }
    this.createKernel(inputShape, [channels / groups, this.filters], this.filters);
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const { strides = 1, groups = 1, dilationRate = 1 } = this.options;
    const [input, padding] = this.#padded(x);
    return this.finish(conv(input, this.kernel.read(), { strides, padding, dilation: dilationRate, groups }));
  }

  /** Zeros are the convolution's own business; other borders are put on before. */
  #padded(x: Tensor): [Tensor, Padding] {
    const { strides = 1, padding = 'valid', paddingMode = 'constant', dilationRate = 1 } = this.options;
    if (paddingMode === 'constant') return [x, padding];
    const all = (value: PerAxis): readonly number[] => (typeof value === 'number' ? this.kernelSize.map(() => value) : value);
    const edges = resolvePadding(this.className, padding, x.shape.slice(1, -1), this.kernelSize, all(strides), all(dilationRate));
    return [pad(x, [[0, 0], ...edges, [0, 0]], 0, paddingMode), 'valid'];
  }

  override config(): Json {
    const { paddingMode = 'constant', groups = 1 } = this.options;
    return { filters: this.filters, ...this.kernelConfig(), paddingMode, groups };
  }
}

type Config = ConvOptions & { filters: number; kernelSize: PerAxis };

/**
 * y[n, i, f] = activation(Σ x[n, i·s + k·d − p, c] · W[k, c, f] + b[f])
 *
 * Shapes: x `[N, W, C]` → `[N, W', filters]`; W `[K, C/groups, filters]`, b `[filters]`.
 *
 * @throws ShapeError if x does not have three axes or its channels do not fit the kernel.
 */
export class Conv1D extends Conv {
  static readonly className = 'Conv1D';
  readonly className = 'Conv1D';

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super('Conv1D', 1, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv1D {
    return new Conv1D(filters, kernelSize, options);
  }
}

/**
 * y[n, i, j, f] = activation(Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · W[k, l, c, f] + b[f])
 *
 * Shapes: x `[N, H, W, C]` → `[N, H', W', filters]`; W `[KH, KW, C/groups, filters]`, b `[filters]`.
 *
 * @throws ShapeError if x does not have four axes or its channels do not fit the kernel.
 * @example
 * new Conv2D(32, 3, { padding: 'same', activation: relu }).apply(images)
 */
export class Conv2D extends Conv {
  static readonly className = 'Conv2D';
  readonly className = 'Conv2D';

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super('Conv2D', 2, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv2D {
    return new Conv2D(filters, kernelSize, options);
  }
}

/**
 * The same over three spatial axes.
 *
 * Shapes: x `[N, D, H, W, C]` → `[N, D', H', W', filters]`; W `[KD, KH, KW, C/groups, filters]`, b `[filters]`.
 *
 * @throws ShapeError if x does not have five axes or its channels do not fit the kernel.
 */
export class Conv3D extends Conv {
  static readonly className = 'Conv3D';
  readonly className = 'Conv3D';

  constructor(filters: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super('Conv3D', 3, filters, kernelSize, options);
  }
  static fromConfig({ filters, kernelSize, ...options }: Config): Conv3D {
    return new Conv3D(filters, kernelSize, options);
  }
}
