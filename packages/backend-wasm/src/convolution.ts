import {
  type ConvolutionAttributes,
  type Kernel,
  type Kernels,
  type Operand,
  type PoolingAttributes,
  type Shape,
  sizeOf,
} from '@tessera/core';
import { addressOf, type Runtime } from './runtime.ts';

type Geometry = Pick<ConvolutionAttributes, 'strides' | 'padding' | 'dilation'> & { readonly groups?: number };
const WORDS = 22;

/** One, two or three spatial axes seen as three, those in front of length 1. */
function three(values: readonly number[], filler: number): number[] {
  return [...new Array<number>(3 - values.length).fill(filler), ...values];
}

/** Puts the geometry where the kernels read it, at the start of scratch memory. */
function describe(runtime: Runtime, at: number, x: Shape, window: readonly number[], filters: number, y: Shape, geometry: Geometry): void {
  const words = [
    x[0],
    ...three(x.slice(1, -1), 1),
    x.at(-1)!,
    ...three(window, 1),
    filters,
    ...three(y.slice(1, -1), 1),
    ...three(geometry.strides, 1),
    ...three(
      geometry.padding.map(([before]) => before),
      0,
    ),
    ...three(geometry.dilation, 1),
    geometry.groups ?? 1,
  ];
  new Int32Array(runtime.bytes.buffer, at, WORDS).set(words);
}

type Names = 'convolution' | 'convolutionInputGradient' | 'convolutionKernelGradient';
type PoolingComposites = { readonly maxPool: Kernel<PoolingAttributes>; readonly maxPoolGradient: Kernel<PoolingAttributes> };

/** Whether Winograd's form fits and pays: windows 3 × 3 with stride 1 over channels and filters that fill its panels. */
function suitsWinograd(
  x: Shape,
  w: Shape,
  y: Shape,
  { strides, dilation, padding, groups }: ConvolutionAttributes,
  backward: boolean,
): boolean {
  const [from, to] = backward ? [w.at(-1)!, w.at(-2)!] : [w.at(-2)!, w.at(-1)!];
  return (
    x.length === 4 &&
    w[0] === 3 &&
    w[1] === 3 &&
    groups === 1 &&
    [...strides, ...dilation].every((n) => n === 1) &&
    padding.flat().every((n) => n >= 0 && n <= 2) &&
    from >= 16 &&
    from % 4 === 0 &&
    to % 16 === 0 &&
    y[0] * y[1] * y[2] >= 64
  );
}

export function convolution(runtime: Runtime): Pick<Kernels, Names> & PoolingComposites {
  const { kernels } = runtime;
  const run = (op: Names, x: Shape, w: Shape, y: Shape, geometry: ConvolutionAttributes, a: Operand, b: Operand, out: Operand): void => {
    if (sizeOf(x) === 0 || sizeOf(y) === 0 || sizeOf(w) === 0) {
      kernels.fill_32(sizeOf(out.view.shape), 0, 0, addressOf(out));
      return;
    }
    if (op !== 'convolutionKernelGradient' && suitsWinograd(x, w, y, geometry, op === 'convolutionInputGradient')) {
      return winograd(op === 'convolutionInputGradient', x, w, y, geometry, a, b, out);
    }
    if (op !== 'convolution') kernels.fill_32(sizeOf(out.view.shape), 0, 0, addressOf(out));
    const patch = sizeOf(w) / w.at(-1)!;
    const rows = Math.ceil((kernels.convolutionBlock(patch) * patch * 4) / 64) * 64;
    const scratch = runtime.scratch(128 + rows + kernels.gemmScratchBytes());
    describe(runtime, scratch, x, w.slice(0, -2), w.at(-1)!, y, geometry);
    kernels[op](scratch, addressOf(a), addressOf(b), addressOf(out), scratch + 128, scratch + 128 + rows);
  };
  const winograd = (
    backward: boolean,
    x: Shape,
    w: Shape,
    y: Shape,
    geometry: ConvolutionAttributes,
    from: Operand,
    kernel: Operand,
    to: Operand,
  ): void => {
    const [channels, filters] = [from.view.shape.at(-1)!, to.view.shape.at(-1)!];
    const transformed = 16 * channels * filters * 4;
    const scratch = runtime.scratch(128 + transformed + kernels.winogradScratchBytes(channels, filters));
    describe(runtime, scratch, x, w.slice(0, -2), w.at(-1)!, y, geometry);
    const [N, H, W] = to.view.shape;
    const tiles = N * Math.ceil(H / 2) * Math.ceil(W / 2);
    const u = scratch + 128;
    kernels.winogradKernel(scratch, addressOf(kernel), u, Number(backward));
    kernels.winograd(scratch, addressOf(from), u, addressOf(to), 0, tiles, Number(backward), u + transformed);
  };
  const pool = (
    op: 'maxPool' | 'maxPoolGradient',
    x: Operand,
    y: Operand,
    inputs: readonly Operand[],
    attributes: PoolingAttributes,
    out: Operand,
  ): void => {
    if (op === 'maxPoolGradient') kernels.fill_32(sizeOf(out.view.shape), 0, 0, addressOf(out));
    if (sizeOf(y.view.shape) === 0) return;
    const scratch = runtime.scratch(128 + sizeOf(attributes.size) * 4);
    describe(runtime, scratch, x.view.shape, attributes.size, x.view.shape.at(-1)!, y.view.shape, attributes);
    kernels[op](scratch, ...inputs.map(addressOf), addressOf(out), scratch + 128);
  };
  return {
    convolution: ([x, w], geometry, [y]) => run('convolution', x.view.shape, w.view.shape, y.view.shape, geometry, x, w, y),
    convolutionInputGradient: ([dy, w], geometry, [dx]) =>
      run('convolutionInputGradient', dx.view.shape, w.view.shape, dy.view.shape, geometry, dy, w, dx),
    convolutionKernelGradient: ([x, dy], geometry, [dw]) =>
      run('convolutionKernelGradient', x.view.shape, dw.view.shape, dy.view.shape, geometry, x, dy, dw),
    maxPool: ([x], attributes, [y]) => pool('maxPool', x, y, [x], attributes, y),
    maxPoolGradient: ([x, dy], attributes, [dx]) => pool('maxPoolGradient', x, dy, [x, dy], attributes, dx),
  };
}
