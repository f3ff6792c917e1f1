import type { Shape } from '@tessera/core';
import type { Tensor, Variable } from '@tessera/tensor';
import { type ActivationFunction, activationName, resolveActivation } from '../activations.ts';
import { expectCount } from '../expect.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import { type CallContext, type Json, Module, type ModuleOptions } from '../module.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of {@link Dense}. */
export interface DenseOptions extends ModuleOptions {
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

/**
 * y = activation(x·W + b)
 *
 * Shapes: x `[N, ..., features]` → `[N, ..., units]`; W `[features, units]`, b `[units]`.
 *
 * @throws ShapeError if the last axis of x is not `features`.
 * @example
 * new Dense(64, { activation: relu }).apply(x)
 */
export class Dense extends Module {
  static readonly className = 'Dense';
  readonly className = 'Dense';
  readonly units: number;
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #options: DenseOptions;
  readonly #activation: ActivationFunction | undefined;

  constructor(units: number, options: DenseOptions = {}) {
    super(options);
    expectCount('Dense', 'units', units);
    this.units = units;
    this.#options = options;
    this.#activation = resolveActivation(options.activation);
  }

  protected override create(inputShape: Shape): void {
    const {
      useBias = true,
      kernelInitializer = glorotUniform(),
      biasInitializer = zeros(),
      kernelRegularizer,
      biasRegularizer,
    } = this.#options;
    const features = inputShape.at(-1) ?? 1;
    this.kernel = this.variable('kernel', {
      shape: [features, this.units],
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
    });
    if (useBias) this.bias = this.variable('bias', { shape: [this.units], initializer: biasInitializer, regularizer: biasRegularizer });
  }

  override call(x: Tensor, _context?: CallContext): Tensor {
    const y = x.matmul(this.kernel.read());
    const z = this.bias ? y.add(this.bias.read()) : y;
    return this.#activation ? this.#activation(z) : z;
  }

  override config(): Json {
    return { units: this.units, activation: activationName(this.#activation), useBias: this.#options.useBias ?? true, name: this.name };
  }
  static fromConfig({ units, ...options }: DenseOptions & { units: number }): Dense {
    return new Dense(units, options);
  }
}
