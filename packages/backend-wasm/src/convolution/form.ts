import type { ConvolutionAttributes, Operand, Shape } from '@tessera/core';
import type { Epilogue } from '../epilogue.ts';

/** A convolution or one of its gradients, as every form of it takes it. */
export interface Convolution {
  readonly op: 'convolution' | 'convolutionInputGradient' | 'convolutionKernelGradient';
  /** The shapes of the convolution's input, kernel and output, whichever of the three is computed. */
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly geometry: ConvolutionAttributes;
  /** What is read, in the op's order, and what is written. */
  readonly a: Operand;
  readonly b: Operand;
  readonly out: Operand;
  /** Of a forward convolution. */
  readonly epilogue: Epilogue;
}

/** How many output positions there are. */
export function positionsOf({ y }: Convolution): number {
  return y.slice(0, -1).reduce((product, length) => product * length, 1);
}
