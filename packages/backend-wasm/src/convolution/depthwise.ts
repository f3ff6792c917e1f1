import { sizeOf } from '@tessera/core';
import { describe } from '../geometry.ts';
import { addressOf, type Runtime } from '../runtime.ts';
import { type Convolution, positionsOf } from './form.ts';

/** What the taps of one line are described by. */
const TAPS_BYTES = 64;

/** Whether each channel has a filter of its own. */
export function isDepthwise({ w, geometry: { groups } }: Convolution): boolean {
  return groups > 1 && w.at(-2) === 1 && w.at(-1) === groups;
}

/** One filter for each channel: no products of matrices, but of rows. */
export function depthwise(runtime: Runtime, convolution: Convolution): void {
  const { op, geometry } = convolution;
  if (op === 'convolution') forward(runtime, convolution, false);
  else if (op === 'convolutionKernelGradient') kernelGradient(runtime, convolution);
  else if (geometry.strides.every((stride) => stride === 1)) {
    // The gradient of the input is a convolution with the kernel turned round, and what padding leaves of its windows.
    const { x, w, y } = convolution;
    const padding = geometry.padding.map(([before], axis): [number, number] => {
      const edge = (w[axis] - 1) * geometry.dilation[axis] - before;
      return [edge, edge];
    });
    forward(runtime, { ...convolution, x: y, y: x, geometry: { ...geometry, padding } }, true);
  } else scattered(runtime, convolution);
}

function forward(runtime: Runtime, convolution: Convolution, turned: boolean): void {
  const { x, w, y, geometry, a, b, out, epilogue } = convolution;
  const size = sizeOf(w);
  const scratch = runtime.scratch(size * 4 + TAPS_BYTES);
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  let kernel = addressOf(b);
  if (turned) {
    const channels = w.at(-1)!;
    runtime.kernels.depthwiseTurned(size / channels, channels, kernel, scratch);
    kernel = scratch;
  }
  const positions = positionsOf(convolution);
  const lines = positions / y.at(-2)!;
  const { bias, residual, activation } = epilogue;
  const parameters = [description, addressOf(a), kernel, addressOf(out), 0, lines, scratch + size * 4, bias, residual, activation];
  runtime.call('depthwise', parameters, {
    units: lines,
    count: [5, 1],
    moves: [[4, 1]],
    scratch: [6],
    nanoseconds: positions * size * 0.08,
  });
}

/** The gradient of the input where windows step by more: each output position is added where it came from. */
function scattered(runtime: Runtime, convolution: Convolution): void {
  const { x, w, y, geometry, a, b, out } = convolution;
  const positions = positionsOf(convolution);
  const each = positions / y[0];
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  const to = addressOf(out);
  runtime.kernels.fill_32(sizeOf(x), 0, 0, to);
  runtime.call('depthwiseInputGradient', [description, addressOf(a), addressOf(b), to, 0, positions], {
    units: y[0],
    count: [5, each],
    moves: [[4, each]],
    nanoseconds: positions * sizeOf(w) * 0.3,
  });
}

function kernelGradient(runtime: Runtime, convolution: Convolution): void {
  const { x, w, y, geometry, a, b, out } = convolution;
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  const to = addressOf(out);
  runtime.kernels.fill_32(sizeOf(w), 0, 0, to);
  const channels = w.at(-1)!;
  runtime.call('depthwiseKernelGradient', [description, addressOf(a), addressOf(b), to, 0, channels], {
    units: channels,
    grain: 4,
    count: [5, 1],
    moves: [[4, 1]],
    nanoseconds: positionsOf(convolution) * sizeOf(w) * 0.1,
  });
}
