import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contestant, Outcome } from '../contest.ts';
import type { Filled } from '../filled.ts';

/** A line of the process. */
interface Answer extends Outcome {
  readonly build?: string;
  readonly grown?: number;
}

/** Parameters and data in the order in which the step takes them. */
type Arrays = readonly (Filled | Int32Array<ArrayBuffer>)[];

/** The environment without what would make OpenBLAS take kernels that do not suit the processor, and with one thread. */
const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...others } = process.env;
const env = { ...others, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };

/** The first Python that has PyTorch: PYTHON, the path's, or the system's own. */
let found: string | undefined | null = null;
function python(): string | undefined {
  if (found !== null) return found;
  const candidates = [process.env['PYTHON'], 'python3', '/usr/bin/python3'].filter((path) => path !== undefined);
  return (found = candidates.find((path) => spawnSync(path, ['-c', 'import torch'], { env }).status === 0));
}

/** Native PyTorch on one thread, in a process of its own that tells its times and losses; nobody where it is not installed. */
export async function pytorch(step: 'cnn' | 'lstm' | 'block', arrays: Arrays): Promise<(Contestant & { grown(): number }) | undefined> {
  const path = python();
  return path === undefined ? undefined : start(path, step, arrays);
}

async function start(path: string, step: string, arrays: Arrays): Promise<Contestant & { grown(): number }> {
  const child = spawn(path, [fileURLToPath(new URL('train.py', import.meta.url)), step], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('its process ended');
    return JSON.parse(value);
  };
  const plain = arrays.map((array) => (array instanceof Int32Array ? { shape: [array.length], data: array } : array));
  const header = plain.map(({ shape, data }) => ({ shape, dtype: data instanceof Int32Array ? 'int32' : 'float32' }));
  child.stdin.write(`${JSON.stringify(header)}\n`);
  for (const { data } of plain) child.stdin.write(new Uint8Array(data.buffer));
  const { build } = await answer();
  let most = 0;
  return {
    build: build!,
    async step() {
      child.stdin.write('step\n');
      const { grown, ...outcome } = await answer();
      most = grown ?? 0;
      return outcome;
    },
    /** What its process has grown by at most since it was ready, in bytes. */
    grown: () => most,
    dispose: () => child.stdin.end(),
  };
}
