import { capture } from '@tessera/capture';
import { type Backend, formatShape, sameShape } from '@tessera/core';
import { isUnknown, Random, type Tensor, tidy, treeFlatten } from '@tessera/tensor';
import { CheckError, expectClose, expectCloseTrees } from './compare.ts';
import { attempt } from './layer/attempt.ts';
import { checkFirstCall, checkLoops } from './layer/check-loops.ts';
import { checkMasks } from './layer/check-masks.ts';
import { checkEffects, checkTraining, checkpointed } from './layer/check-training.ts';
import type { InputSpec, InputSpecs, LayerDescription, LayerLike } from './layer/layer-like.ts';
import { inputOf, mapSpecs, reversed, type Sample, sampleOf, withMasks } from './layer/sample.ts';
import { expectSameOutcome, outcomeOf, trainingStep, valuesOf } from './layer/training-step.ts';
import { onBackend } from './on-backend.ts';
import { tolerances } from './tolerance.ts';

/**
 * Checks a layer on a backend:
 *
 * - its class has a name of its own for files;
 * - outputs have the specs that it foretells, for every size of batch;
 * - the same seed gives the same start, wherever it is called first, and calling it twice gives the same;
 * - a finite gradient that is not zero reaches every trainable variable;
 * - captured, checkpointed and in the body of a loop it computes the same: outputs, gradients and statistics, in training as well;
 * - it draws in training alone, from the source that it is given;
 * - records may have their keys in any order, and the mask of the input is handed on where it says `supportsMask`;
 * - loaded from what was saved it computes the same, in training and out of it.
 *
 * @throws CheckError that names the layer and what is wrong.
 */
export async function checkLayer<L extends LayerLike>(description: LayerDescription<L>, backend: Backend): Promise<void> {
  await onBackend(backend, () => check(description, backend));
}

async function check<L extends LayerLike>(description: LayerDescription<L>, backend: Backend): Promise<void> {
  const layer = built(description);
  const where = `${layer.className} on ${backend.name}`;
  expectName(where, layer);
  const sample = sampleOf(description, 3, new Random(2).split(3));
  await checkSpecs(where, description, layer);
  await checkAgain(where, description, layer, sample);
  await checkKeys(where, description, layer, sample);
  await checkFirstCall(where, description);
  const effects = await checkEffects(where, layer, sample);
  await checkForms(where, layer, sample);
  await checkTraining(where, layer, sample);
  const masked = withMasks(sample);
  if (Object.keys(masked.masks).length > 0) {
    await checkForms(`${where} with a mask`, layer, masked);
    await checkTraining(`${where} with a mask`, layer, masked);
    await checkMasks(where, layer, masked);
  }
  await checkLoops(where, description, layer, effects);
  await checkReloaded(where, layer, await description.reload(layer), sample);
}

function built<L extends LayerLike>({ make, input }: LayerDescription<L>): L {
  const layer = make();
  layer.build(input as never, { seed: 1 });
  return layer;
}

/** Minifiers rename classes, and a class that extends another one is not that one. */
function expectName(where: string, layer: LayerLike): void {
  const { constructor } = layer;
  if (Object.hasOwn(constructor, 'className') && (constructor as { className?: unknown }).className === layer.className) return;
  throw new CheckError(`[${where}] the class must have a name for files, since minifiers rename classes: static readonly className = '…'`);
}

/** Throws unless an output has the specs foretold: in shape, but for lengths that are not known, and dtype. */
function expectForetold(where: string, batch: number, output: unknown, foretold: unknown): void {
  const told = (place: string, { shape, dtype }: InputSpec): string => `${place}${dtype} ${formatShape(shape)}`;
  const got = treeFlatten(output);
  // With their brand, plain specs are leaves.
  const specs = treeFlatten(mapSpecs(foretold as never, (spec) => ({ '~spec': true, ...spec })));
  const expected = new Map(specs.paths.map((path, i) => [path, specs.leaves[i] as InputSpec]));
  const fits = (given: Tensor, path: string): boolean => {
    const spec = expected.get(path);
    const lengths = spec?.shape.map((length, axis) => (isUnknown(length) ? given.shape[axis + 1]! : length)) ?? [];
    return spec?.dtype === given.dtype && sameShape(given.shape, [batch, ...lengths]);
  };
  if (got.paths.length === expected.size && got.leaves.every((leaf, i) => fits(leaf as Tensor, got.paths[i]!))) return;
  const place = (path: string): string => path && `${path}: `;
  const must = [...expected].map(([path, { shape, dtype }]) => told(place(path), { shape: [batch, ...shape], dtype }));
  const came = got.leaves.map((leaf, i) => told(place(got.paths[i]!), leaf as Tensor));
  throw new CheckError(`[${where}] the output for a batch of ${batch} must be ${must.join(', ')}: got ${came.join(', ')}`);
}

async function checkSpecs(where: string, description: LayerDescription, layer: LayerLike): Promise<void> {
  for (const batch of [3, 1, 0]) {
    const { x } = sampleOf(description, batch, new Random(2).split(batch));
    const foretold = layer.outputSpec(description.input as never);
    await attempt(`${where} for a batch of ${batch}`, () => expectForetold(where, batch, layer.apply(x as never), foretold));
  }
}

/** Checks that the same seed gives the same start, and the same input the same output. */
async function checkAgain(where: string, description: LayerDescription, layer: LayerLike, { x }: Sample): Promise<void> {
  const twin = built(description).variables();
  for (const [path, variable] of Object.entries(layer.variables())) {
    const told = `${where} built again from the same seed: ${path}`;
    await expectClose(told, twin[path]!.peek(), variable.peek(), tolerances.exact);
  }
  await expectCloseTrees(`${where} called twice`, layer.apply(x as never), layer.apply(x as never), tolerances.exact);
}

/** Checks that the order of the keys of records does not matter. */
async function checkKeys(where: string, description: LayerDescription, layer: LayerLike, { x }: Sample): Promise<void> {
  const turned = reversed(x);
  const told = `${where} with the keys of its input in another order`;
  await attempt(told, async () => {
    const expected = layer.apply(x as never);
    await expectCloseTrees(told, layer.apply(turned as never), expected, tolerances.exact);
    const twin = built({ ...description, make: () => description.make(), input: reversed(description.input) as InputSpecs });
    await expectCloseTrees(`${told}, built so`, twin.apply(turned as never), expected, tolerances.exact);
  });
}

/** Checks that a layer computes the same captured and checkpointed, outside of training. */
async function checkForms(where: string, layer: LayerLike, sample: Sample): Promise<void> {
  const call = (given: Sample): unknown => tidy(() => layer.apply(inputOf(given) as never));
  const expected = call(sample);
  const captured = capture(call);
  const checkpoint = checkpointed((x) => layer.apply(x as never));
  await attempt(`${where} captured`, () => expectCloseTrees(`${where} captured`, captured(sample), expected, tolerances.exact));
  await attempt(`${where} checkpointed`, () =>
    expectCloseTrees(`${where} checkpointed`, checkpoint(inputOf(sample)), expected, tolerances.exact),
  );
  captured.dispose();
}

async function checkReloaded(where: string, layer: LayerLike, loaded: LayerLike, sample: Sample): Promise<void> {
  const told = `${where} saved and loaded`;
  for (const which of ['variables', 'trainableVariables'] as const) {
    const [got, expected] = [loaded, layer].map((one) => Object.keys(one[which]()).sort().join(', '));
    if (got !== expected) throw new CheckError(`[${told}] ${which} must be ${expected || 'none'}: got ${got || 'none'}`);
  }
  await attempt(told, async () => {
    await expectCloseTrees(told, loaded.apply(inputOf(sample) as never), layer.apply(inputOf(sample) as never), tolerances.exact);
    const [got, expected] = [loaded, layer].map((one) => outcomeOf(one, valuesOf(layer), trainingStep(one), sample));
    await expectSameOutcome(`${told}, in training`, got!, expected!, tolerances.exact);
  });
}
