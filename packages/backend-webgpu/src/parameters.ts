import type { Shader } from './program.ts';
import type { Dispatch } from './batch.ts';

/** Parameters begin at multiples of it. */
const ALIGNMENT = 256;

/** What the parameters of a shader take: whole vectors. */
export const parameterBytes = ({ words }: Shader): number => Math.ceil(words / 4) * 16;

/** The parameters of dispatches on the device, and where each begin. */
export interface Parameters {
  readonly buffer: GPUBuffer;
  readonly places: readonly number[];
}

/** The parameters of dispatches for one buffer, the first word of each 0, and where each begin, in bytes. */
export function packParameters(dispatches: readonly Dispatch[]): { words: Uint32Array<ArrayBuffer>; places: readonly number[] } {
  let total = 0;
  const places = dispatches.map(({ program }) => {
    const place = total;
    total += Math.ceil((program.shader.words * 4) / ALIGNMENT) * ALIGNMENT;
    return place;
  });
  const words = new Uint32Array(total / 4);
  dispatches.forEach((dispatch, i) => words.set(dispatch.words, places[i] / 4 + 1));
  return { words, places };
}
