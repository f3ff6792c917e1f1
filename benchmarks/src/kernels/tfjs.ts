import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { loadTfjs } from '#peers';
import type { Kernel } from './kernel.ts';

export async function tfjs(run: NonNullable<Kernel['tfjs']>, inputs: readonly Filled[], times: number): Promise<Contestant> {
  const tf = await loadTfjs('wasm');
  const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape));
  const repeat = async (count: number): Promise<void> => {
    await tf.setBackend('wasm');
    for (let i = 0; i < count; i++) run(tf, ...tensors).dispose();
  };
  return {
    step: () => repeat(times),
    warm: () => repeat(1),
    async check() {
      await tf.setBackend('wasm');
      const mean = tf.tidy(() =>
        run(tf, ...tensors)
          .abs()
          .mean(),
      );
      const [value] = await mean.data();
      mean.dispose();
      return value;
    },
    dispose: () => tensors.forEach((each) => each.dispose()),
  };
}
