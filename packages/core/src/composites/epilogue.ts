import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import type { ConvolutionAttributes } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';
import { formatShape, sameShape } from '../shape.ts';
import { gelu, geluTanh, relu, sigmoid } from './activation.ts';

/** A function that an epilogue applies, by the op's name. */
export type EpilogueActivation = 'none' | 'relu' | 'tanh' | 'sigmoid' | 'gelu' | 'geluTanh';

const activations: Readonly<Record<EpilogueActivation, <T extends Spec>(b: Builder<T>, x: T) => T>> = {
  none: (_, x) => x,
  relu: (b, x) => b.apply(relu, [x], {}),
  tanh: (b, x) => b.tanh(x),
  sigmoid: (b, x) => b.apply(sigmoid, [x], {}),
  gelu: (b, x) => b.apply(gelu, [x], {}),
  geluTanh: (b, x) => b.apply(geluTanh, [x], {}),
};

/** All of them. */
export const epilogueActivations: readonly EpilogueActivation[] = Object.keys(activations) as EpilogueActivation[];

/** What is done to a product while it is at hand: f(product + bias) + residual. */
export interface EpilogueAttributes {
  /** Whether a row, as long as the last axis, comes behind the operands. */
  readonly bias: boolean;
  readonly activation: EpilogueActivation;
  /** Whether a tensor of the output's shape comes last. */
  readonly residual: boolean;
}

/** Attributes of {@link convolutionEpilogue}. */
export interface ConvolutionEpilogueAttributes extends ConvolutionAttributes, EpilogueAttributes {}

/** The row and the tensor that are added, where they are. */
function addends<T>(inputs: readonly T[], { bias, residual }: EpilogueAttributes): [bias: T | undefined, residual: T | undefined] {
  return [bias ? inputs[2] : undefined, residual ? inputs[bias ? 3 : 2] : undefined];
}

function check(op: string, inputs: readonly Spec[], attributes: EpilogueAttributes): void {
  expectFloat(op, inputs);
  const [bias] = addends(inputs, attributes);
  const filters = inputs[1]!.shape.at(-1);
  if (!bias || (bias.shape.length === 1 && bias.shape[0] === filters)) return;
  throw new ShapeError(`[${op}] the bias must be as long as the last axis: got ${formatShape(bias.shape)} for ${filters}`);
}

function finish<T extends Spec>(op: string, b: Builder<T>, product: T, inputs: readonly T[], attributes: EpilogueAttributes): T {
  const [bias, residual] = addends(inputs, attributes);
  const y = activations[attributes.activation](b, bias ? b.add(product, bias) : product);
  if (!residual) return y;
  if (sameShape(residual.shape, y.shape)) return b.add(y, residual);
  throw new ShapeError(
    `[${op}] the residual must have the shape of the output: got ${formatShape(residual.shape)} for ${formatShape(y.shape)}`,
  );
}

/**
 * f(a·b + bias) + residual, rounded after each step as the ops by themselves. Made by graph passes for backends that have a kernel of
 * this name; users never call it.
 *
 * Inputs: a `[..., M, K]`, b `[..., K, N]` as of `matmul`, then bias `[N]` and residual `[..., M, N]` where the attributes say so.
 */
export const matmulEpilogue: Composite<EpilogueAttributes> = {
  name: 'matmulEpilogue',
  strided: true,
  check: (inputs, attributes) => check('matmulEpilogue', inputs, attributes),
  decompose: (b, inputs, attributes) => [finish('matmulEpilogue', b, b.matmul(inputs[0]!, inputs[1]!), inputs, attributes)],
};

/**
 * f(x ⊛ kernel + bias) + residual, as {@link matmulEpilogue}.
 *
 * Inputs: x `[N, ...S, C]`, kernel `[...K, C/groups, F]` as of `convolution`, then bias `[F]` and residual `[N, ...S', F]`.
 */
export const convolutionEpilogue: Composite<ConvolutionEpilogueAttributes> = {
  name: 'convolutionEpilogue',
  check: (inputs, attributes) => check('convolutionEpilogue', inputs, attributes),
  decompose(b, inputs, attributes) {
    const { strides, padding, dilation, groups } = attributes;
    const product = b.convolution(inputs[0]!, inputs[1]!, { strides, padding, dilation, groups });
    return [finish('convolutionEpilogue', b, product, inputs, attributes)];
  },
};
