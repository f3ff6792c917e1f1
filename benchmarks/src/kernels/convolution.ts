import { conv, convTranspose, run } from '@tessera/tensor';
import { type Filled, filler } from '../filled.ts';
import { flipped, permuted } from './permuted.ts';
import type { CountedKernel } from './kernel.ts';

/** A convolution of images `[images, size, size, channels]`. */
export interface Geometry {
  readonly images: number;
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly window: number;
  readonly stride?: number;
  readonly padding: 'same' | 'valid';
  /** How many groups the channels are in (default 1). */
  readonly groups?: number;
}

const imageFirst = [0, 3, 1, 2];
const kernelFirst = [3, 2, 0, 1];

/** The sizes of what a convolution computes, and the zeros that it puts around its input. */
interface Sizes {
  readonly edges: readonly [rows: readonly [number, number], columns: readonly [number, number]];
  readonly x: number[];
  readonly w: number[];
  readonly y: number[];
  readonly flops: number;
}

const nameOf = ({ images, size, channels, filters, padding }: Geometry): string =>
  `conv ${images}x${size}x${size}x${channels}-${filters} ${padding}`;

export function sizesOf({ images, size, channels, filters, window, stride = 1, padding, groups = 1 }: Geometry): Sizes {
  const out = padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - window) / stride) + 1;
  const zeros = padding === 'same' ? Math.max(0, (out - 1) * stride + window - size) : 0;
  const edge = [zeros >> 1, zeros - (zeros >> 1)] as const;
  return {
    edges: [edge, edge] as const,
    x: [images, size, size, channels],
    w: [window, window, channels / groups, filters],
    y: [images, out, out, filters],
    flops: (2 * images * out * out * window * window * channels * filters) / groups,
  };
}

/** A convolution of images with a kernel. */
export function convolution(geometry: Geometry, name: string = nameOf(geometry)): CountedKernel {
  const { stride = 1, padding, groups = 1 } = geometry;
  const { edges, x, w, y, flops } = sizesOf(geometry);
  const fill = filler();
  return {
    name,
    flops,
    inputs: () => [fill(x, 1), fill(w, 1)],
    tessera: (input, kernel) => conv(input, kernel, { padding, strides: stride, groups }),
    tfjs: (tf, input, kernel) =>
      groups === 1
        ? tf.conv2d(input, kernel, stride, padding)
        : tf.depthwiseConv2d(input, kernel.reshape([w[0]!, w[1]!, groups, 1]), stride, padding),
    jax: ({ lax }, input, kernel) => lax.convGeneralDilated(input, kernel, [stride, stride], edges, { featureGroupCount: groups }),
    onnx: {
      op: 'Conv',
      y: imageFirst.map((axis) => y[axis]!),
      attributes: { strides: [stride, stride], pads: [edges[0][0], edges[1][0], edges[0][1], edges[1][1]], group: BigInt(groups) },
    },
    channelsFirst: ([input, kernel]) => [permuted(input!, imageFirst), permuted(kernel!, kernelFirst)],
  };
}

/** The gradients in input and kernel of a convolution 3 × 3 with stride 1; for jax-js they are written as convolutions. */
export function gradients(geometry: Geometry): CountedKernel[] {
  const name = nameOf(geometry);
  const { edges, x, w, y, flops } = sizesOf(geometry);
  const [edge] = edges[0];
  const fill = filler();
  const outer = edges.map(([before, after]) => [2 - before, 2 - after]);
  return [
    {
      name: `${name} dx`,
      flops,
      inputs: () => [fill(y, 1), fill(w, 1)],
      tessera: (dy, kernel) => convTranspose(dy, kernel, { padding: edge }),
      tfjs: (tf, dy, kernel) => tf.conv2dTranspose(dy, kernel, x, 1, geometry.padding),
      jax: ({ lax }, dy, kernel) => lax.convGeneralDilated(dy, kernel, [1, 1], outer),
      channelsFirst: ([dy, kernel]) => [permuted(dy!, imageFirst), permuted(flipped(kernel!), [2, 3, 0, 1])],
    },
    {
      name: `${name} dw`,
      flops,
      inputs: () => [fill(x, 1), fill(y, 1)],
      tessera: (input, dy) =>
        run('convolutionKernelGradient', [input, dy], {
          strides: [1, 1],
          padding: edges,
          dilation: [1, 1],
          groups: 1,
          kernelSize: [3, 3],
        })[0]!,
      tfjs: (tf, input, dy) =>
        tf
          .engine()
          .runKernel(
            'Conv2DBackpropFilter',
            { x: input, dy },
            { strides: [1, 1], pad: geometry.padding, dataFormat: 'NHWC', filterShape: w },
          ),
      jax: ({ lax }, input, dy) => lax.convGeneralDilated(input, dy, [1, 1], edges),
      channelsFirst: (inputs) => inputs.map((each: Filled) => permuted(each, [3, 0, 1, 2])),
    },
  ];
}
