// The CNN's training step of one implementation, in a process of its own: prints what it took as JSON.
import { makeCnn } from '../cnn/work.ts';
import type { Contestant } from '../contest.ts';
import { watchResident } from './resident.ts';

/** A library loaded and its backend ready. */
interface Loaded {
  begin(): Promise<Contestant>;
  /** The most bytes that the library itself says its tensors took. */
  reported?(contestant: Contestant): Promise<number>;
}

const step = makeCnn();
const libraries: Readonly<Record<string, () => Promise<Loaded>>> = {
  async tessera() {
    const [{ startBackend }, { tessera }] = await Promise.all([import('../backend.ts'), import('../cnn/tessera.ts')]);
    const backend = await startBackend();
    return { begin: async () => tessera(step, backend), reported: async () => backend.memory().peakBytes };
  },
  async jax() {
    const [{ loadJax }, { jax }] = await Promise.all([import('#peers'), import('../cnn/jax.ts')]);
    await loadJax();
    return { begin: () => jax(step) };
  },
  async tfjs() {
    const [{ loadTfjs }, { tfjs }] = await Promise.all([import('#peers'), import('../cnn/tfjs.ts')]);
    const tf = await loadTfjs('cpu');
    return { begin: () => tfjs(step), reported: async (contestant) => (await tf.profile(() => contestant.step())).peakBytes };
  },
};

const [name, steps] = process.argv.slice(2) as [string, string];
const { begin, reported } = await libraries[name]!();
const most = watchResident();
const contestant = await begin();
let loss = 0;
for (let i = 0; i < Number(steps); i++) {
  const outcome = await contestant.step();
  if (i === 4) loss = outcome!.loss!;
}
const bytes = most();
console.log(JSON.stringify({ bytes, loss, reportedBytes: await reported?.(contestant) }));
process.exit();
