import { conv, convTranspose, run } from '@tessera/tensor';
import type { Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import { flipped, permuted } from './permuted.ts';
import { counted, type Kernel, moved } from './work.ts';

/** A convolution of images `[images, size, size, channels]`. */
interface Geometry {
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
function sizesOf({ images, size, channels, filters, window, stride = 1, padding, groups = 1 }: Geometry) {
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

function forward(name: string, geometry: Geometry): Kernel {
  const { stride = 1, padding, groups = 1 } = geometry;
  const { edges, x, w, y } = sizesOf(geometry);
  const fill = filler();
  return {
    name,
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
function gradients(name: string, geometry: Geometry): Kernel[] {
  const { edges, x, w, y } = sizesOf(geometry);
  const [edge] = edges[0];
  const fill = filler();
  const outer = edges.map(([before, after]) => [2 - before, 2 - after]);
  return [
    {
      name: `${name} dx`,
      inputs: () => [fill(y, 1), fill(w, 1)],
      tessera: (dy, kernel) => convTranspose(dy, kernel, { padding: edge }),
      tfjs: (tf, dy, kernel) => tf.conv2dTranspose(dy, kernel, x, 1, geometry.padding),
      jax: ({ lax }, dy, kernel) => lax.convGeneralDilated(dy, kernel, [1, 1], outer),
      channelsFirst: ([dy, kernel]) => [permuted(dy!, imageFirst), permuted(flipped(kernel!), [2, 3, 0, 1])],
    },
    {
      name: `${name} dw`,
      inputs: () => [fill(x, 1), fill(y, 1)],
      tessera: (input, dy) =>
        run('convolutionKernelGradient', [input, dy], {
          strides: [1, 1],
          padding: edges,
          dilation: [1, 1],
          groups: 1,
          kernelSize: [3, 3],
        })[0]!,
      jax: ({ lax }, input, dy) => lax.convGeneralDilated(input, dy, [1, 1], edges),
      channelsFirst: (inputs) => inputs.map((each: Filled) => permuted(each, [3, 0, 1, 2])),
    },
  ];
}

function withGradients(geometry: Geometry): Work[] {
  const { images, size, channels, filters, padding } = geometry;
  const name = `conv ${images}x${size}x${size}x${channels}-${filters} ${padding}`;
  const { flops } = sizesOf(geometry);
  return [forward(name, geometry), ...gradients(name, geometry)].map((kernel) => counted(kernel, flops));
}

const small: Geometry = { images: 32, size: 15, channels: 32, filters: 64, window: 3, padding: 'same' };
const large: Geometry = { images: 8, size: 56, channels: 64, filters: 64, window: 3, padding: 'same' };
const depthwise: Geometry = { ...large, groups: 64 };
const pointwise: Geometry = { ...large, window: 1 };
const strided: Geometry = { ...large, stride: 2 };
const bytes = ({ x, y }: ReturnType<typeof sizesOf>): number => 4 * [x, y].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);

/** Convolutions of float32 images, forward, and with gradients of input and kernel. */
export const convolutions: readonly Work[] = [
  ...withGradients({ images: 32, size: 32, channels: 3, filters: 32, window: 3, padding: 'valid' }),
  ...withGradients(small),
  ...withGradients(large),
  moved(forward('conv 8x56x56x64 depthwise 3x3', depthwise), bytes(sizesOf(depthwise))),
  counted(forward('conv 8x56x56x64-64 1x1', pointwise), sizesOf(pointwise).flops),
  counted(forward('conv 8x56x56x64-64 stride 2', strided), sizesOf(strided).flops),
];
