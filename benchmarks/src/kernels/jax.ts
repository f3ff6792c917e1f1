import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { type Any, loadJax } from '#peers';
import type { Kernel } from './kernel.ts';

export async function jax(f: NonNullable<Kernel['jax']>, inputs: readonly Filled[], times: number): Promise<Contestant> {
  const library = await loadJax();
  const { jit, numpy: np } = library;
  const arrays = inputs.map(({ shape, data }) => np.array(data, { shape }));
  const compiled = jit((...given: Any[]) => f(library, ...given));
  const run = (): Any => compiled(...arrays.map((each) => each.ref));
  const repeat = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const y = run();
      await y.blockUntilReady();
      y.dispose();
    }
  };
  return {
    step: () => repeat(times),
    warm: () => repeat(1),
    async check() {
      return (await np.mean(np.abs(run())).data())[0];
    },
    dispose: () => arrays.forEach((each) => each.dispose()),
  };
}
