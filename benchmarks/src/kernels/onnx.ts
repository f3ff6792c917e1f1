import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { runOnnx } from '../onnx/run.ts';
import type { Kernel } from './kernel.ts';

export function onnx({ y, ...node }: NonNullable<Kernel['onnx']>, [x, w]: readonly Filled[], times: number): Promise<Contestant> {
  const weights = w ? { w } : {};
  const nodes = [{ ...node, inputs: ['x', ...Object.keys(weights)], output: 'y' }];
  return runOnnx({ x: x!.shape, y, weights, nodes }, x!, times);
}
