import { type DType, formatShape, sameShape, StateError, typedArray, type TypedArray } from '@tessera/core';
import { type RawTensor, readSafetensors, writeSafetensors } from '@tessera/formats';
import { tensor, type Tensor, type TensorOptions, type Variable } from '@tessera/tensor';
import type { AnyModule } from '../module/module.ts';

/** The values of a model's variables by dotted path. */
export async function weightsOf(model: AnyModule): Promise<Map<string, RawTensor>> {
  const entries = Object.entries(model.variables()).map(async ([path, variable]) => [path, await rawTensor(variable.peek())] as const);
  return new Map(await Promise.all(entries));
}

/** A tensor's elements as files hold them. */
export async function rawTensor(value: Tensor): Promise<RawTensor> {
  const data = await value.data();
  return { dtype: value.dtype, shape: value.shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** A tensor of a raw one, on the default backend. */
export function fromRawTensor({ dtype, shape, data }: RawTensor, options: TensorOptions = {}): Tensor {
  return tensor(typedArray(dtype as DType, data) as TypedArray, { shape, dtype, ...options });
}

/** How the values of a file fit a model's variables, by path. */
export interface WeightsReport {
  /** Put into the model. */
  readonly loaded: readonly string[];
  /** Variables for which the file has nothing. */
  readonly missing: readonly string[];
  /** In the file alone. */
  readonly unexpected: readonly string[];
  /** Of another shape or dtype, and what these are. */
  readonly misshaped: readonly string[];
}

/** Options of {@link loadWeights}. */
export interface LoadWeightsOptions {
  /** Whether all variables must be in the file, and nothing else (default `true`); otherwise what fits is taken. */
  readonly strict?: boolean;
  /** The path in the model of a name in the file; `undefined` leaves it out. */
  readonly rename?: (name: string) => string | undefined;
}

/** The bare weights of a model as a safetensors file. */
export async function saveWeights(model: AnyModule): Promise<Uint8Array> {
  return writeSafetensors(await weightsOf(model));
}

/**
 * Puts the weights of a safetensors file into a model that is built, and says what it took and what it left.
 *
 * @throws StateError, and nothing changes, where they do not all fit and `strict` is not `false`.
 * @example
 * const { missing } = loadWeights(model, bytes, { strict: false, rename: (name) => name.replace('encoder.', 'backbone.') })
 */
export function loadWeights(model: AnyModule, bytes: Uint8Array, { strict = true, rename }: LoadWeightsOptions = {}): WeightsReport {
  const { tensors } = readSafetensors(bytes);
  const named = rename ? renamed(tensors, rename) : tensors;
  if (strict) checkWeights(model, named);
  const report = compare(model, named);
  assign(model.variables(), named, report.loaded);
  return report;
}

function renamed(tensors: ReadonlyMap<string, RawTensor>, rename: (name: string) => string | undefined): Map<string, RawTensor> {
  const named = new Map<string, RawTensor>();
  for (const [name, raw] of tensors) {
    const path = rename(name);
    if (path === undefined) continue;
    if (named.has(path)) throw new StateError(`[loadWeights] rename must give different paths: got ${path} twice`);
    named.set(path, raw);
  }
  return named;
}

function compare(model: AnyModule, tensors: ReadonlyMap<string, RawTensor>): WeightsReport {
  const variables = model.variables();
  const fits = (raw: RawTensor, variable: Variable): boolean => sameShape(raw.shape, variable.shape) && raw.dtype === variable.dtype;
  const loaded: string[] = [];
  const missing: string[] = [];
  const misshaped: string[] = [];
  for (const [path, variable] of Object.entries(variables)) {
    const raw = tensors.get(path);
    if (!raw) missing.push(path);
    else if (fits(raw, variable)) loaded.push(path);
    else misshaped.push(`${path} (${formatShape(raw.shape)} ${raw.dtype} for ${formatShape(variable.shape)} ${variable.dtype})`);
  }
  return { loaded, missing, unexpected: [...tensors.keys()].filter((path) => !Object.hasOwn(variables, path)), misshaped };
}

/** @throws StateError that lists which values are missing, unexpected or of another shape than a model's variables. */
export function checkWeights(model: AnyModule, tensors: ReadonlyMap<string, RawTensor>): void {
  const { missing, unexpected, misshaped } = compare(model, tensors);
  const told = Object.entries({ missing, unexpected, misshaped }).flatMap(([what, list]) =>
    list.length ? [`${what} ${list.join(', ')}`] : [],
  );
  if (told.length) throw new StateError(`[loadWeights] the weights must be those of the model: ${told.join('; ')}`);
}

/** Assigns values by dotted path. @throws StateError as {@link checkWeights}; then nothing changes. */
export function setWeights(model: AnyModule, tensors: ReadonlyMap<string, RawTensor>): void {
  checkWeights(model, tensors);
  assign(model.variables(), tensors, [...tensors.keys()]);
}

function assign(variables: Readonly<Record<string, Variable>>, tensors: ReadonlyMap<string, RawTensor>, paths: readonly string[]): void {
  for (const path of paths) {
    const variable = variables[path]!;
    const value = fromRawTensor(tensors.get(path)!, { backend: variable.peek().backend });
    variable.assign(value);
    value.dispose();
  }
}
