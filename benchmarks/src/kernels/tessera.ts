import type { Backend } from '@tessera/core';
import { setDefaultBackend, tensor, tidy } from '@tessera/tensor';
import { about } from '../backend.ts';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import type { Kernel } from './kernel.ts';

export function tessera({ tessera: run }: Kernel, inputs: readonly Filled[], times: number, backend: Backend): Contestant {
  setDefaultBackend(backend);
  const tensors = inputs.map(({ shape, data }) => tensor(data, { shape }));
  const repeat = async (count: number): Promise<void> => {
    setDefaultBackend(backend);
    for (let i = 0; i < count; i++) run(...tensors).dispose();
  };
  return {
    ...about(backend),
    step: () => repeat(times),
    warm: () => repeat(1),
    async check() {
      setDefaultBackend(backend);
      const mean = tidy(() =>
        run(...tensors)
          .abs()
          .mean(),
      );
      const value = await mean.item();
      mean.dispose();
      return value;
    },
    dispose: () => backend.dispose(),
  };
}
