import { lossOf, oneHot } from '../cnn/jax.ts';
import { lossOf as tfjsLossOf } from '../cnn/tfjs.ts';
import { batch, makeCnn } from '../cnn/work.ts';
import type { Contestant } from '../contest.ts';
import { loadJax, loadTfjs } from '#peers';
import { jaxLearner } from '../training/jax.ts';
import { tfjsLearner } from '../training/tfjs.ts';
import { CHECKED, clothes, size } from './data.ts';

/** A step on a batch of images `[N, H, W, 1]` and rows with a one at the label, which tells its loss. */
type Learn = (images: Float32Array, labels: Float32Array) => Promise<number>;

/**
 * Those that would take minutes for an epoch are timed over some of its steps, and the time is multiplied. The steps that are checked,
 * with what is compiled during them, are not counted.
 */
async function part(steps: number, learn: Learn): Promise<Contestant> {
  const { columns, length } = await clothes();
  const batches = Math.floor(length / batch);
  let at = 0;
  const next = (): Promise<number> => {
    const place = (at++ % batches) * batch;
    const images = columns.x.data.subarray(place * size ** 2, (place + batch) * size ** 2);
    return learn(images, oneHot(columns.y.data.subarray(place, place + batch)));
  };
  let checked = 0;
  for (let i = 0; i < CHECKED; i++) checked += (await next()) / CHECKED;
  return {
    note: `from ${steps} of ${batches} steps`,
    async step() {
      const began = performance.now();
      for (let i = 0; i < steps; i++) await next();
      return { ms: ((performance.now() - began) * batches) / steps };
    },
    check: async () => checked,
  };
}

export async function jax(): Promise<Contestant> {
  const library = await loadJax();
  const { numpy: np } = library;
  const learn = jaxLearner(library, makeCnn(size, 1).parameters, lossOf(library, size));
  // With one channel, channels may come first or last.
  return part(20, (images, labels) =>
    learn([np.array(images, { shape: [batch, 1, size, size] }), np.array(labels, { shape: [batch, 10] })]),
  );
}

export async function tfjs(): Promise<Contestant> {
  const tf = await loadTfjs('cpu');
  const learn = tfjsLearner(tf, makeCnn(size, 1).parameters, tfjsLossOf(tf));
  return part(3, async (images, labels) => {
    await tf.setBackend('cpu');
    const given = [tf.tensor4d(images, [batch, size, size, 1]), tf.tensor2d(labels, [batch, 10])];
    const loss = await learn(given);
    tf.dispose(given);
    return loss;
  });
}
