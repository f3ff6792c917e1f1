import { capture } from '@tessera/capture';
import { isTensor, maskOf, type Tensor, tidy } from '@tessera/tensor';
import { CheckError, expectClose } from '../compare.ts';
import { tolerances } from '../tolerance.ts';
import { attempt } from './attempt.ts';
import type { LayerLike } from './layer-like.ts';
import { inputOf, type Sample } from './sample.ts';

/** Checks that a layer that says `supportsMask` hands the mask of its input on, where the output has the same steps. */
export async function checkMasks(where: string, layer: LayerLike, sample: Sample): Promise<void> {
  const mask = sample.masks[''];
  if (!layer.supportsMask || !mask) return;
  const call = (given: Sample): readonly Tensor[] => {
    const y = layer.apply(inputOf(given) as never);
    const handedOn = isTensor(y) && maskOf(y);
    return handedOn ? [handedOn] : [];
  };
  const y = layer.apply(sample.x as never);
  if (!isTensor(y) || y.rank < 2 || y.shape[0] !== mask.shape[0] || y.shape[1] !== mask.shape[1]) return;
  for (const [form, f] of Object.entries({ eagerly: call, captured: capture((given: Sample) => tidy(() => call(given))) })) {
    const told = `${where}, the mask of its output ${form}`;
    await attempt(told, async () => {
      const [got] = f(sample);
      if (!got) throw new CheckError(`[${told}] must be that of the input, since it says supportsMask: got none`);
      await expectClose(told, got, mask, tolerances.exact);
    });
  }
}
