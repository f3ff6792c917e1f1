import { type Tensor } from '@tessera/tensor';
import { factory } from './options/named.ts';

/** A penalty on a variable's value, added to the loss by the trainer. */
export type Regularizer = (value: Tensor) => Tensor;

/** λ·Σ|w| */
export const l1: (lambda?: number) => Regularizer = factory(
  'l1',
  (lambda = 0.01) =>
    (value) =>
      value.abs().sum().mul(lambda),
);
/** λ·Σw² */
export const l2: (lambda?: number) => Regularizer = factory(
  'l2',
  (lambda = 0.01) =>
    (value) =>
      value.square().sum().mul(lambda),
);
/** λ₁·Σ|w| + λ₂·Σw² */
export const l1l2: (options?: { l1?: number; l2?: number }) => Regularizer = factory(
  'l1l2',
  ({ l1: first = 0.01, l2: second = 0.01 } = {}) =>
    (value) =>
      l1(first)(value).add(l2(second)(value)),
);
