import { checkpoint } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { Random, tidy, withRecorder } from '@tessera/tensor';
import { CheckError, expectCloseTrees } from '../compare.ts';
import { tolerances } from '../tolerance.ts';
import { attempt } from './attempt.ts';
import type { LayerLike } from './layer-like.ts';
import { counterOf, inputOf, type Sample } from './sample.ts';
import {
  expectGradients,
  expectSameOutcome,
  type Learned,
  outcomeOf,
  putBack,
  trainingStep,
  valuesOf,
  type Wrap,
} from './training-step.ts';

/** What a call in training does beside computing. */
export interface Effects {
  /** Draws random numbers. */
  readonly draws: boolean;
  /** Assigns variables: statistics. */
  readonly assigns: boolean;
}

/** Checkpoints a call. */
export const checkpointed: Wrap = (f) => checkpoint(f);

/**
 * Checks that a training step is the same once more, checkpointed, captured, and both: outputs, gradients, and what it leaves in
 * variables. These are put back to where they were.
 */
export async function checkTraining(where: string, layer: LayerLike, sample: Sample): Promise<void> {
  const start = valuesOf(layer);
  const [first, second] = [0, 1].map((step) => ({ ...sample, counter: counterOf(step) })) as [Sample, Sample];
  const plain = trainingStep(layer);
  const expected = new Map([first, second].map((given) => [given, outcomeOf(layer, start, plain, given)]));
  await expectGradients(where, layer, expected.get(first)!);
  const expectSame = (form: string, step: (given: Sample) => Learned, given: Sample): Promise<void> => {
    const told = `${where} in training, ${form}`;
    return attempt(told, () => expectSameOutcome(told, outcomeOf(layer, start, step, given), expected.get(given)!, tolerances.exact));
  };
  await expectSame('once more from the same source of random numbers', plain, first);
  const again = trainingStep(layer, checkpointed);
  await expectSame('checkpointed', again, first);
  for (const [form, step] of Object.entries({ captured: plain, 'captured and checkpointed': again })) {
    const captured = capture(step);
    await expectSame(form, captured, first);
    await expectSame(`${form}, at the next step`, captured, second);
    captured.dispose();
  }
  putBack(layer, start);
}

/** Finds what a call does beside computing, and checks that what is drawn in training depends on the source given, and that nothing is drawn otherwise. */
export async function checkEffects(where: string, layer: LayerLike, sample: Sample): Promise<Effects> {
  const start = valuesOf(layer);
  const effects = { draws: false, assigns: false };
  const listener = { draw: () => void (effects.draws = true), assign: () => void (effects.assigns = true) };
  const call = (given: { readonly training?: boolean; readonly random?: Random }): unknown => {
    putBack(layer, start);
    return tidy(() => layer.apply(inputOf(sample) as never, given));
  };
  withRecorder(listener, () => call({}));
  if (effects.draws) throw new CheckError(`[${where}] nothing must be drawn outside of training. Ask context.training.`);
  effects.assigns = false;
  putBack(layer, start);
  const first = withRecorder(listener, () => tidy(() => layer.apply(inputOf(sample) as never, { training: true, random: new Random(0) })));
  if (effects.draws) {
    let differs = false;
    for (let seed = 1; seed < 5 && !differs; seed++) {
      const other = call({ training: true, random: new Random(seed) });
      differs = await expectCloseTrees('', other, first, tolerances.exact).then(
        () => false,
        () => true,
      );
    }
    if (!differs) throw new CheckError(`[${where}] what is drawn in training must be drawn from the source given. Use context.random.`);
  }
  putBack(layer, start);
  return effects;
}
