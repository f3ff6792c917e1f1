import type { Contestant, Work } from '../contest.ts';

/** Copies so many bytes so often within one WebAssembly memory, as fast as the engine does it: what memory can move. */
export async function copy(bytes: number, times: number): Promise<Contestant> {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((2 * bytes) / 65_536) });
  const array = new Uint8Array(memory.buffer).fill(1);
  const repeat = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) array.copyWithin(bytes, 0, bytes);
  };
  return {
    step: () => repeat(times),
    warm: () => repeat(1),
  };
}

const BYTES = 2 ** 22;
const TIMES = 8;

/** What memory can move: four megabytes, read and written. */
export const copyWork: Work = {
  name: 'memory.copy',
  contestants: [['memory.copy', () => copy(BYTES, TIMES)]],
  tolerance: 0,
  times: TIMES,
  moved: 2 * BYTES,
};
