import type { Constraint } from '../constraints.ts';
import type { ModuleOptions, VariableSpec } from '../module/module.ts';
import type { TensorSpec } from '../module/spec.ts';
import { glorotUniform, type Initializer, orthogonal, zeros } from '../initializers.ts';
import type { Options, Resolved } from '../options/option.ts';
import { count, flag } from '../options/rows.ts';
import { constraint, initializer, regularizer } from '../options/value-rows.ts';
import type { Regularizer } from '../regularizers.ts';

/** Options of recurrent layers. */
export interface RecurrentOptions extends ModuleOptions {
  /** Whether the output is that of every step, or only the last one (default `false`: the last). */
  readonly returnSequences?: boolean | undefined;
  /** Whether sequences are read from their end; outputs come in the order read, as in Keras (default `false`). */
  readonly goBackwards?: boolean | undefined;
  /** Default `true`. */
  readonly useBias?: boolean | undefined;
  /** Default {@link glorotUniform}. */
  readonly kernelInitializer?: Initializer | undefined;
  /** Default {@link orthogonal}. */
  readonly recurrentInitializer?: Initializer | undefined;
  /** Default zeros. */
  readonly biasInitializer?: Initializer | undefined;
  readonly kernelRegularizer?: Regularizer | undefined;
  readonly recurrentRegularizer?: Regularizer | undefined;
  readonly biasRegularizer?: Regularizer | undefined;
  readonly kernelConstraint?: Constraint | undefined;
  readonly recurrentConstraint?: Constraint | undefined;
  readonly biasConstraint?: Constraint | undefined;
}

/** The options of a recurrent layer with its units. */
export type RecurrentConfig = RecurrentOptions & { readonly units: number };

/** The options of recurrent layers that may be left out and have no default. */
export type Unset =
  | 'kernelRegularizer'
  | 'recurrentRegularizer'
  | 'biasRegularizer'
  | 'kernelConstraint'
  | 'recurrentConstraint'
  | 'biasConstraint';

/** The rows of a recurrent layer. */
/* @__NO_SIDE_EFFECTS__ */
export function recurrentRows(): Options<RecurrentConfig> {
  return {
    units: count(),
    returnSequences: flag(false),
    goBackwards: flag(false),
    useBias: flag(true),
    kernelInitializer: initializer(glorotUniform),
    recurrentInitializer: initializer(orthogonal),
    biasInitializer: initializer(zeros),
    kernelRegularizer: regularizer(),
    recurrentRegularizer: regularizer(),
    biasRegularizer: regularizer(),
    kernelConstraint: constraint(),
    recurrentConstraint: constraint(),
    biasConstraint: constraint(),
  };
}

/** How the variables of a recurrent layer start. */
export interface RecurrentVariables {
  readonly kernel: VariableSpec;
  readonly recurrentKernel: VariableSpec;
  readonly bias: VariableSpec;
}

/** W `[features, gates·units]`, U `[units, gates·units]` and b `[gates·units]`, for inputs `[N, T, features]`. */
export function recurrentVariables(options: Resolved<RecurrentConfig, Unset>, gates: number, { shape }: TensorSpec): RecurrentVariables {
  const { units, kernelInitializer, recurrentInitializer, biasInitializer } = options;
  const { kernelRegularizer, recurrentRegularizer, biasRegularizer } = options;
  const { kernelConstraint, recurrentConstraint, biasConstraint } = options;
  const width = gates * units;
  return {
    kernel: { shape: [shape.at(-1)!, width], initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint },
    recurrentKernel: {
      shape: [units, width],
      initializer: recurrentInitializer,
      regularizer: recurrentRegularizer,
      constraint: recurrentConstraint,
    },
    bias: { shape: [width], initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint },
  };
}
