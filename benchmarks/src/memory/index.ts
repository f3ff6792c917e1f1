import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bundle } from '../bundle.ts';
import { makeCnn } from '../cnn/work.ts';
import type { Contestant, Outcome, Work } from '../contest.ts';
import { pytorch } from '../pytorch/index.ts';

let bundled: Promise<string> | undefined;

/** Each step is a process that does some training steps. */
async function measured(name: string, steps: number): Promise<Contestant> {
  const program = await (bundled ??= bundle(new URL('step.ts', import.meta.url)));
  return {
    async step(): Promise<Outcome> {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, name, String(steps)]);
      return JSON.parse(stdout.trim().split('\n').at(-1)!);
    },
  };
}

const { images, labels, parameters } = makeCnn();

/** PyTorch tells itself what its process took, which goes on from round to round. */
async function native(steps: number): Promise<Contestant | undefined> {
  const contestant = await pytorch('cnn', [images, labels, ...parameters]);
  if (!contestant) return undefined;
  const { step, grown, ...rest } = contestant;
  return {
    ...rest,
    async step() {
      const losses: (number | undefined)[] = [];
      for (let i = 0; i < steps; i++) losses.push((await step())!.loss);
      return { bytes: grown(), loss: losses[4]! };
    },
  };
}

/**
 * The memory that the CNN's training step takes beside the library itself: by how much the process has grown at most since the library
 * was loaded and its backend ready. What is checked is the loss of the fifth step.
 */
export const memory: Work = {
  name: 'cnn step memory',
  contestants: [
    ['tessera wasm', () => measured('tessera', 20)],
    ['jax-js wasm', () => measured('jax', 20)],
    ['tfjs cpu', () => measured('tfjs', 5)],
    ['pytorch', () => native(20)],
  ],
  tolerance: 1e-3,
  rounds: 2,
};
