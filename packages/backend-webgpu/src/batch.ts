import type { Block, GpuBuffer } from './memory.ts';
import type { Parameters } from './parameters.ts';
import type { Pipelines } from './pipelines.ts';
import type { Program } from './program.ts';
import type { Room } from './readback.ts';

/** One run of a program over buffers. */
export interface Dispatch {
  readonly program: Program;
  readonly buffers: readonly GpuBuffer[];
  /** The parameters but for the first, which is 0. */
  readonly words: readonly number[];
  readonly x: number;
  readonly y: number;
}

/** A copy of a block's bytes to where the host can read them. */
interface Copy {
  readonly from: Block;
  readonly offset: number;
  readonly bytes: number;
  readonly to: Room;
}

/** What the device is to do. */
export type Command = Dispatch | Copy;

export const isDispatch = (command: Command): command is Dispatch => 'program' in command;

/** Writes commands down in their order, dispatches that follow one another as one pass; gives how many those are. */
export function encode(
  encoder: GPUCommandEncoder,
  batch: readonly Command[],
  pipelines: Pipelines,
  { buffer: parameters, places }: Parameters,
): number {
  let pass: GPUComputePassEncoder | undefined;
  let at = 0;
  for (const command of batch) {
    if (isDispatch(command)) {
      const { program, buffers, x, y } = command;
      const blocks = buffers.map(({ block }) => block!);
      pass ??= encoder.beginComputePass();
      pass.setPipeline(pipelines.of(program));
      pass.setBindGroup(0, pipelines.bind(program, parameters, places[at++], blocks));
      pass.dispatchWorkgroups(x, y);
    } else {
      const { from, offset, to, bytes } = command;
      pass?.end();
      pass = undefined;
      encoder.copyBufferToBuffer(from.gpu, offset, to.staging.gpu, to.at, bytes);
    }
  }
  pass?.end();
  return at;
}
