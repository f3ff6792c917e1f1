import { tensor, tidy } from '@tessera/tensor';
import { startBackend } from '../backend.ts';
import type { Contestant } from '../contest.ts';
import type { Kernel } from './work.ts';

export async function tessera({ inputs, times, tessera: run }: Kernel): Promise<Contestant> {
  const about = await startBackend();
  const tensors = inputs.map(({ shape, data }) => tensor(data, { shape }));
  return {
    ...about,
    async step() {
      for (let i = 0; i < times; i++) run(...tensors).dispose();
    },
    async check() {
      const mean = tidy(() =>
        run(...tensors)
          .abs()
          .mean(),
      );
      const value = await mean.item();
      mean.dispose();
      return value;
    },
  };
}
