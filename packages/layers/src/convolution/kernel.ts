import type { Shape } from '@tessera/core';
import type { Padding, PerAxis, Tensor, Variable } from '@tessera/tensor';
import type { ActivationFunction } from '../activations.ts';
import type { Constraint } from '../constraints.ts';
import { glorotUniform, type Initializer, zeros } from '../initializers.ts';
import type { ModuleOptions, VariableSpec } from '../module/module.ts';
import type { Options, Resolved } from '../options/option.ts';
import { activation, counts, flag, padding } from '../options/rows.ts';
import { constraint, initializer, regularizer } from '../options/value-rows.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options that convolutions of every kind take. */
export interface KernelOptions extends ModuleOptions {
  /** Default 1. */
  readonly strides?: PerAxis | undefined;
  /** Default `'valid'`. */
  readonly padding?: Padding | undefined;
  /** Default 1. */
  readonly dilationRate?: PerAxis | undefined;
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

/** The options of a convolution with the size of its kernel. */
export type KernelConfig = KernelOptions & { readonly kernelSize: PerAxis };

/** The options of a convolution that may be left out and have no default. */
export type Unset = 'kernelRegularizer' | 'biasRegularizer' | 'kernelConstraint' | 'biasConstraint';

/** The rows of a convolution over so many spatial axes. */
/* @__NO_SIDE_EFFECTS__ */
export function kernelRows(axes: number): Options<KernelConfig> {
  return {
    kernelSize: counts(undefined, { axes }),
    strides: counts(1, { axes }),
    padding: padding({ axes }),
    dilationRate: counts(1, { axes }),
    activation: activation(),
    useBias: flag(true),
    kernelInitializer: initializer(glorotUniform),
    biasInitializer: initializer(zeros),
    kernelRegularizer: regularizer(),
    biasRegularizer: regularizer(),
    kernelConstraint: constraint(),
    biasConstraint: constraint(),
  };
}

/** How the variables of a convolution start. */
export interface KernelVariables {
  readonly kernel: VariableSpec;
  readonly bias: VariableSpec | undefined;
}

/** The kernel `[...K, ...ends]`, and the bias `[filters]` where there is one, of a convolution of inputs `[...S, C]`. */
export function createKernel(
  options: Resolved<KernelConfig, Unset>,
  { length }: Shape,
  ends: readonly [number, number],
  filters: number,
): KernelVariables {
  const { kernelSize, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } = options;
  const { kernelConstraint, biasConstraint } = options;
  const shape = [...perAxis(kernelSize, length - 1), ...ends];
  return {
    kernel: { shape, initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint },
    bias: useBias
      ? { shape: [filters], initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint }
      : undefined,
  };
}

/** A number for each spatial axis. */
export function perAxis(value: PerAxis, axes: number): readonly number[] {
  return typeof value === 'number' ? new Array<number>(axes).fill(value) : value;
}

/** activation(y + b) */
export function finish(y: Tensor, bias: Variable | undefined, { activation }: { readonly activation: ActivationFunction }): Tensor {
  return activation(bias ? y.add(bias.read()) : y);
}
