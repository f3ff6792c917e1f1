import { valueAndGrad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { type Backend, formatShape } from '@tessera/core';
import { Random, type Tensor, tidy, type Variable } from '@tessera/tensor';
import { CheckError, expectClose } from './compare.ts';
import { onBackend } from './on-backend.ts';
import { tolerances } from './tolerance.ts';

/** A layer by its shape, so that the check does not depend on a package of layers. */
export interface LayerLike {
  readonly className: string;
  build(inputShape: readonly number[], options?: { readonly seed?: number }): unknown;
  apply(x: Tensor, context?: { readonly training?: boolean; readonly random?: Random }): Tensor;
  outputShape(inputShape: readonly number[]): readonly number[];
  variables(): Record<string, Variable>;
  trainableVariables(): Record<string, Variable>;
  config(): unknown;
}

/** A layer described once, for every backend. */
export interface LayerDescription<L extends LayerLike = LayerLike> {
  /** A new layer of the same options at each call. */
  make(): L;
  /** Without the batch axis. */
  readonly inputShape: readonly number[];
  /** Saves the layer and loads it again; by default its configuration goes through JSON and its class's `fromConfig`. */
  reload?(layer: L): L | Promise<L>;
}

/**
 * Checks a layer on a backend: the output's shape as it foretells it, for every size of batch; the same seed gives the
 * same start; a finite gradient that is not zero reaches every trainable variable; captured calls equal eager ones, in
 * training and out of it; loaded from what was saved it computes the same.
 *
 * @throws CheckError that names the layer and what is wrong.
 */
export async function checkLayer<L extends LayerLike>(description: LayerDescription<L>, backend: Backend): Promise<void> {
  await onBackend(backend, () => check(description, backend));
}

async function check<L extends LayerLike>({ make, inputShape, reload }: LayerDescription<L>, backend: Backend): Promise<void> {
  const layer = make();
  layer.build(inputShape, { seed: 1 });
  const where = `${layer.className} on ${backend.name}`;
  const input = (batch: number): Tensor => new Random(2).normal([batch, ...inputShape]);

  const foretold = layer.outputShape(inputShape);
  for (const batch of [3, 1, 0]) {
    const { shape } = layer.apply(input(batch));
    if (formatShape(shape) === formatShape([batch, ...foretold])) continue;
    throw new CheckError(
      `[${where}] the output for a batch of ${batch} must be ${formatShape([batch, ...foretold])}: got ${formatShape(shape)}`,
    );
  }

  const x = input(3);
  const expected = layer.apply(x);
  const twin = make();
  twin.build(inputShape, { seed: 1 });
  await expectClose(`${where} built again from the same seed`, twin.apply(x), expected, tolerances.exact);
  await expectClose(`${where} called twice`, layer.apply(x), expected, tolerances.exact);
  await expectClose(`${where} captured`, capture((given: Tensor) => tidy(() => layer.apply(given)))(x), expected, tolerances.exact);
  // Training may assign statistics: each form starts from the same ones.
  const training = (given: Tensor): Tensor => tidy(() => layer.apply(given, { training: true, random: new Random(3) }));
  const trained = training(x);
  copyVariables(twin, layer);
  await expectClose(`${where} captured, in training`, capture(training)(x), trained, tolerances.exact);
  await checkGradients(where, layer, x);

  const loaded = await (reload ? reload(layer) : throughConfig(layer, inputShape));
  await expectClose(`${where} saved and loaded`, loaded.apply(x), layer.apply(x), tolerances.exact);
}

async function checkGradients(where: string, layer: LayerLike, x: Tensor): Promise<void> {
  const random = new Random(4);
  const loss = (): Tensor => {
    const y = layer.apply(x, { training: true, random: new Random(3) });
    // Weights of all sizes, so that no gradient cancels out.
    return y.mul(random.split('weights').uniform(y.shape, { min: 0.5, max: 2 })).sum();
  };
  const [, gradients] = valueAndGrad(loss)(layer.trainableVariables());
  for (const [path, gradient] of Object.entries(gradients)) {
    const values = (await gradient.data()) as Float32Array;
    if (!values.every(Number.isFinite)) throw new CheckError(`[${where}] the gradient of ${path} must be finite`);
    if (values.every((value) => value === 0)) throw new CheckError(`[${where}] a gradient must reach ${path}: got zeros`);
  }
}

function copyVariables(from: LayerLike, to: LayerLike): void {
  const source = from.variables();
  for (const [path, variable] of Object.entries(to.variables())) variable.assign(source[path]!.peek());
}

function throughConfig<L extends LayerLike>(layer: L, inputShape: readonly number[]): L {
  const { fromConfig } = layer.constructor as unknown as { fromConfig?: (config: unknown) => L };
  if (!fromConfig) throw new CheckError(`[${layer.className}] the class must have fromConfig, or the check be given reload`);
  const loaded = fromConfig.call(layer.constructor, JSON.parse(JSON.stringify(layer.config())));
  loaded.build(inputShape);
  copyVariables(layer, loaded);
  return loaded;
}
