import { grad, gradCheck } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { type Backend, isFloat } from '@tessera/core';
import { tensor, type Tensor, tidy } from '@tessera/tensor';
import { CheckError, expectClose } from './compare.ts';
import { type Tolerance, tolerances } from './tolerance.ts';
import { weigh } from './weigh.ts';

/** A tensor described apart from any backend. */
export interface SampleTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly data: readonly number[];
}

/** One way to call an op. */
export interface OpSample {
  readonly inputs: readonly SampleTensor[];
  /** The call; outputs may be several. */
  run(...inputs: Tensor[]): Tensor | readonly Tensor[];
  /** Orders of gradient to check by differences (default 1); 0 where the point is not smooth or not finite. */
  readonly order?: 0 | 1 | 2;
  /** Whether gradients are compared with the reference's although no differences are taken: for large samples. */
  readonly gradients?: true;
  readonly tolerance?: Tolerance;
}

/** A call that must be refused. */
export interface OpError {
  readonly inputs: readonly SampleTensor[];
  run(...inputs: Tensor[]): unknown;
  readonly message: RegExp;
}

/** An op described once, for every backend. */
export interface OpDescription {
  readonly name: string;
  readonly samples: readonly OpSample[];
  readonly errors?: readonly OpError[];
}

/** A sample on a backend; float32 as float64 where `wide`. @internal */
export function placeSample({ shape, dtype, data }: SampleTensor, backend: Backend, wide = false): Tensor {
  const to = wide && isFloat(dtype) ? 'float64' : dtype;
  return tensor(Float64Array.from(data), { shape, dtype: to, backend });
}

function outputsOf(sample: OpSample, inputs: readonly Tensor[]): readonly Tensor[] {
  const result = sample.run(...inputs);
  return Array.isArray(result) ? result : [result as Tensor];
}

/**
 * Checks an op on a backend: eager values against the reference backend's, captured against eager, errors by message,
 * and gradients against differences (on the reference itself, which computes in float64) or against the reference's.
 *
 * @throws CheckError that names the sample.
 */
export async function checkOp({ name, samples, errors = [] }: OpDescription, backend: Backend, reference: Backend): Promise<void> {
  for (const [i, sample] of samples.entries()) {
    const where = `${name} sample ${i}`;
    const tolerance = sample.tolerance ?? tolerances.elementwise;
    const inputs = sample.inputs.map((input) => placeSample(input, backend));
    const expected = outputsOf(
      sample,
      sample.inputs.map((input) => placeSample(input, reference)),
    );
    const eager = outputsOf(sample, inputs);
    const step = capture((given: readonly Tensor[]) => tidy(() => outputsOf(sample, given)));
    const captured = inputs.length ? step(inputs) : eager;
    for (const [k, output] of eager.entries()) {
      await expectClose(`${where} on ${backend.name}`, output, expected[k]!, tolerance);
      await expectClose(`${where} captured on ${backend.name}`, captured[k]!, output, tolerances.exact);
    }
    step.dispose();
    const order = sample.order ?? 1;
    if (!eager.some(({ dtype }) => isFloat(dtype))) continue;
    if (backend !== reference) await compareGradients(where, sample, backend, reference);
    else if (order > 0) await checkGradients(where, sample, reference, order as 1 | 2);
  }
  for (const [i, { inputs, run, message }] of errors.entries()) {
    try {
      run(...inputs.map((input) => placeSample(input, backend)));
    } catch (error) {
      if (message.test((error as Error).message)) continue;
      throw new CheckError(`[${name} error ${i}] must say ${message}: got ${(error as Error).message}`, { cause: error });
    }
    throw new CheckError(`[${name} error ${i}] must be refused with ${message}`);
  }
}

/** The gradients of all outputs, up to the sample's order, on both backends: kernels of gradients are seen nowhere else. */
async function compareGradients(where: string, sample: OpSample, backend: Backend, reference: Backend): Promise<void> {
  const order = sample.order ?? 1;
  const at = sample.inputs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
  if ((order === 0 && !sample.gradients) || at.length === 0) return;
  const on = (target: Backend): readonly Tensor[] => {
    const inputs = sample.inputs.map((input) => placeSample(input, target));
    const loss = (...given: Tensor[]): Tensor => {
      const all = [...inputs];
      at.forEach((place, i) => (all[place] = given[i]!));
      return weigh(outputsOf(sample, all));
    };
    const argnums = at.map((_, i) => i);
    const chosen = at.map((i) => inputs[i]!);
    const first = grad(loss, { argnums });
    if (order < 2) return first(...chosen) as unknown as Tensor[];
    return [
      ...(first(...chosen) as unknown as Tensor[]),
      ...(grad((...given: Tensor[]) => weigh(first(...given) as unknown as Tensor[]), { argnums })(...chosen) as unknown as Tensor[]),
    ];
  };
  const [got, expected] = [on(backend), on(reference)];
  for (const [i, gradient] of got.entries())
    await expectClose(`${where}, gradient ${i} on ${backend.name}`, gradient, expected[i]!, tolerances.gradient);
}

async function checkGradients(where: string, sample: OpSample, reference: Backend, order: 1 | 2): Promise<void> {
  const at = sample.inputs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
  const inputs = sample.inputs.map((input) => placeSample(input, reference, true));
  const outputs = outputsOf(sample, inputs);
  for (const [k, output] of outputs.entries()) {
    if (!isFloat(output.dtype) || output.size === 0 || at.length === 0) continue;
    const f = (...given: Tensor[]): Tensor => {
      const all = [...inputs];
      at.forEach((place, i) => (all[place] = given[i]!));
      return outputsOf(sample, all)[k]!;
    };
    try {
      await gradCheck(
        f,
        at.map((i) => inputs[i]!),
        { order },
      );
    } catch (cause) {
      throw new CheckError(`[${where}] gradient: ${(cause as Error).message}`, { cause });
    }
  }
}
