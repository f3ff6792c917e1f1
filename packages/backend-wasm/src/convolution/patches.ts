import { sizeOf } from '@tessera/core';
import { describe } from '../geometry.ts';
import { aligned } from '../allocator.ts';
import { addressOf, type Runtime } from '../runtime.ts';
import { type Convolution, positionsOf } from './form.ts';

/** The parts in which the gradient of a kernel is gathered. */
const PARTS = 4;

/** Any convolution, as products over blocks of output positions whose patches are laid out as rows. */
export function byPatches(runtime: Runtime, convolution: Convolution): void {
  const { op, x, w, y, geometry, a, b, out, epilogue } = convolution;
  const { kernels } = runtime;
  const patch = sizeOf(w) / w.at(-1)!;
  const rows = aligned(kernels.convolutionBlock(patch) * patch * 4);
  const positions = positionsOf(convolution);
  const nanoseconds = (positions * sizeOf(w)) / geometry.groups / 15;
  const parts = op === 'convolutionKernelGradient' && positions >= 1024 ? PARTS : 1;
  const partBytes = sizeOf(w) * 4;
  const description = describe(runtime, x, w.slice(0, -2), w.at(-1)!, y, geometry);
  const gathered = runtime.scratch(parts * partBytes + rows + kernels.gemmScratchBytes());
  const work = gathered + parts * partBytes;
  const parameters = (to: number, begin: number, count: number): number[] =>
    [description, addressOf(a), addressOf(b), to].concat(work, work + rows, begin, count);
  const to = addressOf(out);
  if (op === 'convolution') {
    const { bias, residual, activation } = epilogue;
    const split = { units: positions, grain: 64, count: [7, 1], moves: [[6, 1]], scratch: [4, 5], nanoseconds } as const;
    runtime.call(op, [...parameters(to, 0, positions), bias, residual, activation], split);
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
}
