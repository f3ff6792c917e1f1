import { describe } from '../geometry.ts';
import { addressOf, type Runtime } from '../runtime.ts';
import type { Convolution } from './form.ts';

/** Whether Winograd's form fits and pays: windows 3 × 3 with stride 1 over channels and filters that fill its panels. */
export function suitsWinograd({ op, x, w, y, geometry: { strides, dilation, padding, groups } }: Convolution): boolean {
  if (op === 'convolutionKernelGradient') return false;
  const [from, to] = op === 'convolution' ? [w.at(-2)!, w.at(-1)!] : [w.at(-1)!, w.at(-2)!];
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

export function winograd(runtime: Runtime, { op, x, w, y, geometry, a, b, out, epilogue }: Convolution): void {
  const { kernels } = runtime;
  const [channels, filters] = [a.view.shape.at(-1)!, out.view.shape.at(-1)!];
  const transformed = 16 * channels * filters * 4;
  const u = runtime.scratch(transformed + kernels.winogradScratchBytes(channels, filters));
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  const [N, H, W] = out.view.shape;
  const tiles = N * Math.ceil(H / 2) * Math.ceil(W / 2);
  const backward = Number(op === 'convolutionInputGradient');
  kernels.winogradKernel(description, addressOf(b), u, backward);
  const { bias, residual, activation } = epilogue;
  const work = u + transformed;
  runtime.call('winograd', [description, addressOf(a), u, addressOf(out), 0, tiles, backward, work, bias, residual, activation], {
    units: tiles,
    grain: 64,
    count: [5, 1],
    moves: [[4, 1]],
    scratch: [7],
    nanoseconds: tiles * channels * filters,
  });
}
