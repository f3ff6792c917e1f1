import {
  type ConvolutionAttributes,
  type Kernel,
  type Kernels,
  type Operand,
  type PoolingAttributes,
  type Shape,
  sizeOf,
} from '@tessera/core';
import { product } from './matmul.ts';
import { addressOf, type Runtime } from './runtime.ts';

type Geometry = Pick<ConvolutionAttributes, 'strides' | 'padding' | 'dilation'> & { readonly groups?: number };
/** The parts in which the gradient of a kernel is gathered. */
const PARTS = 4;

/** One, two or three spatial axes seen as three, those in front of length 1. */
function three(values: readonly number[], filler: number): number[] {
  return [...new Array<number>(3 - values.length).fill(filler), ...values];
}

/** Puts the geometry where the kernels read it. */
function describe(runtime: Runtime, x: Shape, window: readonly number[], filters: number, y: Shape, geometry: Geometry): number {
  return runtime.words([
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
  ]);
}

type Names = 'convolution' | 'convolutionInputGradient' | 'convolutionKernelGradient';
type PoolingComposites = { readonly maxPool: Kernel<PoolingAttributes>; readonly maxPoolGradient: Kernel<PoolingAttributes> };

/** Whether a convolution is a matrix product: windows of one element that skip none. */
function isProduct(w: Shape, { strides, padding, groups }: ConvolutionAttributes): boolean {
  return groups === 1 && w.slice(0, -2).every((n) => n === 1) && strides.every((n) => n === 1) && padding.flat().every((n) => n === 0);
}

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
    if (isProduct(w, geometry)) return pointwise(op, sizeOf(x.slice(0, -1)), w, a, b, out);
    if (geometry.groups > 1 && w.at(-2) === 1 && w.at(-1) === geometry.groups) return depthwise(op, x, w, y, geometry, a, b, out);
    if (op !== 'convolutionKernelGradient' && suitsWinograd(x, w, y, geometry, op === 'convolutionInputGradient')) {
      return winograd(op === 'convolutionInputGradient', x, w, y, geometry, a, b, out);
    }
    const patch = sizeOf(w) / w.at(-1)!;
    const rows = Math.ceil((kernels.convolutionBlock(patch) * patch * 4) / 64) * 64;
    const positions = sizeOf(y) / y.at(-1)!;
    const nanoseconds = (positions * sizeOf(w)) / geometry.groups / 15;
    const parts = op === 'convolutionKernelGradient' && positions >= 1024 ? PARTS : 1;
    const partBytes = sizeOf(w) * 4;
    const gathered = runtime.scratch(parts * partBytes + rows + kernels.gemmScratchBytes());
    const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
    const work = gathered + parts * partBytes;
    const parameters = (to: number, begin: number, count: number): number[] =>
      [description, addressOf(a), addressOf(b), to].concat(work, work + rows, begin, count);
    const to = addressOf(out);
    if (op === 'convolution') {
      const split = { units: positions, grain: 64, count: [7, 1], moves: [[6, 1]], scratch: [4, 5], nanoseconds } as const;
      runtime.call(op, parameters(to, 0, positions), split);
      return;
    }
    kernels.fill_32(sizeOf(out.view.shape), 0, 0, to);
    if (op === 'convolutionInputGradient') {
      const each = positions / y[0];
      const split = { units: y[0], count: [7, each], moves: [[6, each]], scratch: [4, 5], nanoseconds } as const;
      runtime.call(op, parameters(to, 0, positions), split);
    } else if (parts === 1) {
      kernels[op](...parameters(to, 0, positions));
    } else {
      // Gathered in parts, the same for any number of threads, which are added up in the end.
      kernels.fill_32(parts * sizeOf(w), 0, 0, gathered);
      const each = Math.ceil(positions / parts);
      const first = parameters(gathered, 0, each);
      const moves = [
        [3, partBytes],
        [6, each],
      ] as const;
      const calls = [{ kernel: op, parameters: first, count: [7, each], moves, scratch: [4, 5] }] as const;
      runtime.share(calls, { units: parts, tile: 1, nanoseconds });
      for (let part = 0; part < parts; part++) kernels.add_f32(1, sizeOf(w), to, 0, 1, gathered + part * partBytes, 0, 1, to);
    }
  };
  /** A window of one element: a product of the positions' channels, read as they lie. */
  const pointwise = (op: Names, positions: number, w: Shape, a: Operand, b: Operand, out: Operand): void => {
    const [C, F] = w.slice(-2);
    const [channels, filters] = [C * 4, F * 4];
    const [A, B, to] = [a, b, out].map(addressOf);
    const scratch = runtime.scratch(kernels.gemmScratchBytes());
    if (op === 'convolution') product(runtime, [positions, F, C, A, channels, 4, B, filters, 4, to, filters, 0, 0, scratch]);
    else if (op === 'convolutionInputGradient')
      product(runtime, [positions, C, F, A, filters, 4, B, 4, filters, to, channels, 0, 0, scratch]);
    else product(runtime, [C, F, positions, A, 4, channels, B, filters, 4, to, filters, 0, 0, scratch]);
  };
  /** One filter for each channel: no products of matrices, but of rows. */
  const depthwise = (
    op: Names,
    x: Shape,
    w: Shape,
    y: Shape,
    geometry: ConvolutionAttributes,
    a: Operand,
    b: Operand,
    out: Operand,
  ): void => {
    const [size, positions] = [sizeOf(w), sizeOf(y) / y.at(-1)!];
    const each = positions / y[0];
    const part = runtime.scratch(size * 4);
    const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
    const [A, B, to] = [a, b, out].map(addressOf);
    kernels.fill_32(sizeOf(out.view.shape), 0, 0, to);
    if (op === 'convolutionKernelGradient') {
      // Example by example, so that few numbers are added up at a time.
      for (let n = 0; n < y[0]; n++) {
        kernels.fill_32(size, 0, 0, part);
        kernels.depthwise(2, description, A, B, part, n * each, each);
        kernels.add_f32(1, size, to, 0, 1, part, 0, 1, to);
      }
      return;
    }
    runtime.call('depthwise', [op === 'convolution' ? 0 : 1, description, A, B, to, 0, positions], {
      units: y[0],
      count: [6, each],
      moves: [[5, each]],
      nanoseconds: positions * size * 0.3,
    });
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
    const u = runtime.scratch(transformed + kernels.winogradScratchBytes(channels, filters));
    const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
    const [N, H, W] = to.view.shape;
    const tiles = N * Math.ceil(H / 2) * Math.ceil(W / 2);
    kernels.winogradKernel(description, addressOf(kernel), u, Number(backward));
    runtime.call('winograd', [description, addressOf(from), u, addressOf(to), 0, tiles, Number(backward), u + transformed], {
      units: tiles,
      grain: 64,
      count: [5, 1],
      moves: [[4, 1]],
      scratch: [7],
      nanoseconds: tiles * channels * filters,
    });
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
    const { shape } = y.view;
    if (sizeOf(shape) === 0) return;
    const channels = shape.at(-1)!;
    const positions = sizeOf(shape) / channels;
    const window = runtime.scratch(sizeOf(attributes.size) * 4);
    const description = describe(runtime, x.view.shape, attributes.size, channels, shape, attributes);
    const parameters = [description, ...inputs.map(addressOf), addressOf(out), window, 0, positions];
    const [taps, begin] = [parameters.length - 3, parameters.length - 2];
    // Windows of one example may overlap; those of different ones never do.
    const each = positions / shape[0];
    runtime.call(op, parameters, {
      units: shape[0],
      count: [begin + 1, each],
      moves: [
        // y, or dy.
        [2, each * channels * 4],
        [begin, each],
      ],
      scratch: [taps],
      nanoseconds: sizeOf(shape) * sizeOf(attributes.size) * 0.4,
    });
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
