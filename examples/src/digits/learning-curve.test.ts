import { wasm } from '@tessera/backend-wasm';
import { crossEntropy } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { setDefaultBackend } from '@tessera/tensor';
import { compile } from '@tessera/train';
import { expect, it } from 'vitest';
import { network } from '../network.ts';
import { splitDigits } from './data.ts';

/** Losses of PyTorch 1.13 (float32, Adam of rate 0.001), from the same first weights on the same batches of 32. */
const pytorch = [
  2.308636, 2.1670232, 2.2235568, 2.205317, 1.9958065, 2.0964987, 1.9016659, 1.8501792, 1.8644019, 1.9095551, 1.6318289, 1.5307478,
  1.4742302, 1.3854331, 1.2432806, 1.3313253, 1.1532745, 1.2465706, 1.0810184, 1.0755291, 1.0937022, 0.9008405, 0.9751968, 0.8543372,
  0.7307377, 0.790939, 0.5498981, 0.7950376, 0.6209055, 0.6826202, 0.7840332, 0.6756153, 0.6223081, 0.5740502, 0.6809535, 0.6449986,
  0.6488968, 0.75898, 0.4373122, 0.5790007,
];

it('learns step by step as PyTorch does', async () => {
  setDefaultBackend(await wasm());
  const trainer = compile(network([28, 28, 1]), { loss: crossEntropy(), optimizer: adam() });
  const { train } = splitDigits();
  for (const [step, expected] of pytorch.entries()) {
    const batch = train.subset(Array.from({ length: 32 }, (_, i) => step * 32 + i));
    const { epochs } = await trainer.fit(batch, { shuffle: false });
    expect(Math.abs(epochs[0]!['loss']! / expected - 1), `step ${step}`).toBeLessThan(5e-4);
  }
});
