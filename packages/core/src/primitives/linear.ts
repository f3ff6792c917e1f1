import { ShapeError } from '../errors.ts';
import type { PrimitiveRow, Spec } from '../op.ts';
import { broadcastShapes, formatShape } from '../shape.ts';
import type { ConvolutionAttributes, PrimitiveAttributes } from './attributes.ts';
import { expectFloat, expectNumbers, expectRank, expectSpatialAxes, oneDType } from './expect.ts';
import { windowCount } from './movement.ts';

/** The spatial size after a convolution. */
export function convolutionSize(input: readonly number[], kernel: readonly number[], geometry: ConvolutionAttributes): number[] {
  return input.map((length, axis) => {
    const [before, after] = geometry.padding[axis]!;
    return windowCount(length + before + after, kernel[axis]!, geometry.strides[axis]!, geometry.dilation[axis]!);
  });
}

function checkGeometry(op: string, rank: number, { strides, padding, dilation, groups }: ConvolutionAttributes): void {
  if ([strides, padding, dilation].some((list) => list.length !== rank)) {
    throw new ShapeError(`[${op}] strides, padding and dilation need one entry for each of ${rank} spatial axes`);
  }
  if (![...strides, ...dilation, groups].every((n) => Number.isInteger(n) && n >= 1)) {
    throw new ShapeError(`[${op}] strides, dilation and groups must be whole numbers ≥ 1: got ${strides}; ${dilation}; ${groups}`);
  }
}

function checkChannels(op: string, x: readonly number[], kernel: readonly number[], groups: number): void {
  if (x.length !== kernel.length) {
    throw new ShapeError(
      `[${op}] input [N, ...S, C] and kernel [...K, C/groups, F] must have as many axes: got ${formatShape(x)} and ${formatShape(kernel)}`,
    );
  }
  if (x.at(-1) !== groups * kernel.at(-2)! || kernel.at(-1)! % groups !== 0) {
    throw new ShapeError(
      `[${op}] input channels must equal groups × kernel channels: got ${formatShape(x)} and ${formatShape(kernel)} with groups ${groups}`,
    );
  }
}

export const linearRows: {
  readonly [K in 'matmul' | 'convolution' | 'convolutionInputGradient' | 'convolutionKernelGradient']: PrimitiveRow<PrimitiveAttributes[K]>;
} = {
  matmul: {
    strided: true,
    infer([a, b]) {
      oneDType('matmul', [a!, b!]);
      expectNumbers('matmul', [a!]);
      expectRank('matmul', 'operands', a!, 2);
      expectRank('matmul', 'operands', b!, 2);
      if (a!.shape.at(-1) !== b!.shape.at(-2)) {
        throw new ShapeError(`[matmul] inner dimensions must be equal: got ${formatShape(a!.shape)} and ${formatShape(b!.shape)}`);
      }
      const batch = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2));
      return [{ shape: [...batch, a!.shape.at(-2)!, b!.shape.at(-1)!], dtype: a!.dtype }];
    },
  },
  convolution: {
    infer([x, kernel]: readonly Spec[], geometry) {
      oneDType('convolution', [x!, kernel!]);
      expectFloat('convolution', [x!]);
      expectRank('convolution', 'input', x!, 3);
      expectSpatialAxes('convolution', x!.shape);
      checkChannels('convolution', x!.shape, kernel!.shape, geometry.groups);
      checkGeometry('convolution', x!.shape.length - 2, geometry);
      const size = convolutionSize(x!.shape.slice(1, -1), kernel!.shape.slice(0, -2), geometry);
      return [{ shape: [x!.shape[0]!, ...size, kernel!.shape.at(-1)!], dtype: x!.dtype }];
    },
  },
  convolutionInputGradient: {
    infer([dy, kernel]: readonly Spec[], { inputSize, groups }) {
      return [{ shape: [dy!.shape[0]!, ...inputSize, kernel!.shape.at(-2)! * groups], dtype: dy!.dtype }];
    },
  },
  convolutionKernelGradient: {
    infer([x, dy]: readonly Spec[], { kernelSize, groups }) {
      return [{ shape: [...kernelSize, x!.shape.at(-1)! / groups, dy!.shape.at(-1)!], dtype: x!.dtype }];
    },
  },
};
