import { grad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { Random, scan, stack, type Tensor, tidy, treeLeaves, treeMap, zeros } from '@tessera/tensor';
import { CheckError, expectClose, expectCloseTrees } from '../compare.ts';
import { tolerances } from '../tolerance.ts';
import { weigh } from '../weigh.ts';
import { attempt } from './attempt.ts';
import { checkpointed, type Effects } from './check-training.ts';
import type { LayerDescription, LayerLike } from './layer-like.ts';
import { sampleOf } from './sample.ts';
import { SEED, type Wrap } from './training-step.ts';

/** A function applied in the body of a loop, to each element along axis 0. */
const inLoop: Wrap = (f) => (xs) => scan((count: Tensor, x: unknown) => [count.add(1), f(x)] as const, zeros([]), xs)[1];

/**
 * Checks that a layer in the body of a `scan` computes what it computes step by step, that gradients go through, and that in training
 * each iteration draws numbers of its own, which are the same where it is checkpointed.
 */
export async function checkLoops(
  where: string,
  description: LayerDescription,
  layer: LayerLike,
  { draws, assigns }: Effects,
): Promise<void> {
  const random = new Random(SEED);
  const steps = [0, 1].map((i) => sampleOf(description, 3, random.split(i)).x);
  const joined = (trees: readonly unknown[]): unknown => treeMap((...leaves: Tensor[]) => stack(leaves), trees[0], ...trees.slice(1));
  const xs = joined(steps);
  const call = (x: unknown): unknown => layer.apply(x as never);
  const expected = joined(steps.map(call));
  await attempt(`${where} in a loop`, async () => {
    await expectCloseTrees(`${where} in a loop`, inLoop(call)(xs), expected, tolerances.exact);
    const captured = capture((given: unknown) => tidy(() => inLoop(call)(given)));
    await expectCloseTrees(`${where} in a captured loop`, captured(xs), expected, tolerances.exact);
    captured.dispose();
    const gradients = (f: () => unknown): Record<string, Tensor> =>
      tidy(() => grad(() => weigh(treeLeaves(f()) as Tensor[]))(layer.trainableVariables()) as Record<string, Tensor>);
    const ours = gradients(() => inLoop(call)(xs));
    for (const [path, gradient] of Object.entries(gradients(() => joined(steps.map(call)))))
      await expectClose(`${where} in a loop, gradient of ${path}`, ours[path]!, gradient, tolerances.gradient);
  });
  // A loop's body cannot assign: where statistics go on from step to step, the loop carries them.
  if (assigns) return;
  await attempt(`${where} in a loop, in training`, async () => {
    const training = (wrap: Wrap): unknown => {
      const source = new Random(SEED);
      return inLoop(wrap((x) => layer.apply(x as never, { training: true, random: source })))(joined([steps[0], steps[0]]));
    };
    const plain = training((f) => f);
    await expectCloseTrees(`${where} in a loop, in training, checkpointed`, training(checkpointed), plain, tolerances.exact);
    const [first, second] = [0, 1].map((i) => treeMap((leaf: Tensor) => leaf.at(i), plain));
    const alike = await expectCloseTrees('', second, first, tolerances.exact).then(
      () => true,
      () => false,
    );
    if (alike && draws) throw new CheckError(`[${where} in a loop, in training] each iteration must draw numbers of its own`);
    if (!alike && !draws)
      throw new CheckError(`[${where} in a loop, in training] each iteration must compute the same from the same input`);
  });
}

/** Checks that a layer starts alike wherever it is called first: by itself, in a loop, captured, checkpointed, or under a gradient. */
export async function checkFirstCall(where: string, description: LayerDescription): Promise<void> {
  const x = sampleOf(description, 3, new Random(SEED)).x;
  const begun = (first: (f: (x: unknown) => unknown) => void): LayerLike => {
    const layer: LayerLike = description.make();
    tidy(() => first((given) => layer.apply(given as never)));
    return layer;
  };
  const expected = begun((f) => f(x));
  const places: Readonly<Record<string, (f: (x: unknown) => unknown) => void>> = {
    'in a loop': (f) => inLoop(f)(treeMap((leaf: Tensor) => stack([leaf]), x)),
    'in a captured call': (f) => capture(f)(x),
    'in a checkpoint': (f) => checkpointed(f)(x),
    'under a gradient': (f) => grad((scale: Tensor) => weigh(treeLeaves(f(x)) as Tensor[]).mul(scale))(zeros([])),
  };
  for (const [place, first] of Object.entries(places)) {
    const told = `${where} built by its first call, ${place}`;
    await attempt(told, async () => {
      const layer = begun(first);
      const own = layer.variables();
      for (const [path, variable] of Object.entries(expected.variables()))
        await expectClose(`${told}: ${path}`, own[path]!.peek(), variable.peek(), tolerances.exact);
      await expectCloseTrees(told, layer.apply(x as never), expected.apply(x as never), tolerances.exact);
    });
  }
}
