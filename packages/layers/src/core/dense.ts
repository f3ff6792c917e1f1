import type { Tensor, Variable } from '@tessera/tensor';
import type { ActivationFunction } from '../activations.ts';
import type { Constraint } from '../constraints.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import type { Options, Resolved } from '../options/option.ts';
import { activation, count, flag } from '../options/rows.ts';
import { constraint, initializer, regularizer } from '../options/value-rows.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of {@link Dense}. */
export interface DenseOptions extends ModuleOptions {
  /** Default: none. */
  readonly activation?: ActivationFunction | string | undefined;
  /** Default `true`. */
  readonly useBias?: boolean | undefined;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer | undefined;
  /** Default zeros. */
  readonly biasInitializer?: Initializer | undefined;
  readonly kernelRegularizer?: Regularizer | undefined;
  readonly biasRegularizer?: Regularizer | undefined;
  readonly kernelConstraint?: Constraint | undefined;
  readonly biasConstraint?: Constraint | undefined;
}

type Config = DenseOptions & { readonly units: number };

/**
 * y = activation(x·W + b)
 *
 * Shapes: x `[N, ..., features]` → `[N, ..., units]`; W `[features, units]`, b `[units]`. The mask of x is that of y.
 *
 * @throws ShapeError if the last axis of x is not `features`.
 * @example
 * new Dense(64, { activation: relu }).apply(x)
 */
export class Dense extends Module {
  static readonly className = 'Dense';
  static readonly positional: readonly string[] = ['units'];
  static readonly options: Options<Config> = {
    units: count(),
    activation: activation(),
    useBias: flag(true),
    kernelInitializer: initializer(glorotUniform),
    biasInitializer: initializer(zeros),
    kernelRegularizer: regularizer(),
    biasRegularizer: regularizer(),
    kernelConstraint: constraint(),
    biasConstraint: constraint(),
  };
  declare readonly options: Resolved<Config, 'kernelRegularizer' | 'biasRegularizer' | 'kernelConstraint' | 'biasConstraint'>;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(units: number, options: DenseOptions = {}) {
    super({ ...options, units });
  }

  override get supportsMask(): boolean {
    return true;
  }

  protected override create({ shape }: TensorSpec): void {
    const { units, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } = this.options;
    const { kernelConstraint, biasConstraint } = this.options;
    const features = shape.at(-1) ?? 1;
    const kernel = { initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint };
    const bias = { initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint };
    this.kernel = this.variable('kernel', { shape: [features, units], ...kernel });
    if (useBias) this.bias = this.variable('bias', { shape: [units], ...bias });
  }

  override call(x: Tensor): Tensor {
    const y = x.matmul(this.kernel.read());
    return this.options.activation(this.bias ? y.add(this.bias.read()) : y);
  }
}
