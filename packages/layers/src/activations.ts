import { StateError } from '@tessera/core';
import {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  logSoftmax,
  mish,
  opNameOf,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
  type Tensor,
} from '@tessera/tensor';

/** A function of one tensor, applied to a layer's output. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** y = x */
export const linear: ActivationFunction = (x) => x;

/** The functions that saved models name. */
export const activations: Readonly<Record<string, ActivationFunction>> = {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  linear,
  logSoftmax,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
};

/** The name of an activation in a file: of this table, or of a function made by `op`. @throws StateError for a function that no file could name. */
export function activationName(activation: ActivationFunction): string {
  const name = Object.keys(activations).find((key) => activations[key] === activation) ?? opNameOf(activation);
  if (name) return name;
  throw new StateError(
    `[saveModel] an activation must have a name that files know: got ${activation.name || 'a function without one'}. Make it by op(name, f).`,
  );
}
