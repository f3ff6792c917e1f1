import { DataError, treeFlatten } from '@tessera/core';
import { validateFinite, validateLabels } from '@tessera/data';
import { type AnyModule, isSpec, type TensorSpec } from '@tessera/layers';
import { isUnknown } from '@tessera/tensor';
import { columnEntries, columnsInMemory, exampleShape, type Examples, lengthOf } from './examples.ts';

interface XY {
  readonly x?: unknown;
  readonly y?: unknown;
}

/**
 * Checks data before anything is learned from it, as far as it is in memory.
 *
 * @throws DataError if there are no examples, no columns x and y, or inputs or targets that are not finite.
 */
export function checkExamples(data: Examples): void {
  if (lengthOf(data) === 0) throw new DataError('[fit] the data must have examples: got none');
  const columns = columnsInMemory(data) as XY | undefined;
  if (!columns) return;
  if (!columns.x || !columns.y) throw new DataError(`[fit] the data must have columns x and y: got ${Object.keys(columns).join(', ')}`);
  for (const [path, column] of columnEntries({ x: columns.x, y: columns.y })) if (isFloat(column)) validateFinite(column, path);
}

/**
 * Checks the columns x and y against a model that is built: inputs must have its shapes, and targets with an axis less than the output
 * are class labels.
 *
 * @throws DataError that names the column, and what is wrong.
 */
export function checkAgainst(model: AnyModule, { x, y }: XY, { ignore = -100 }: { ignore?: number | undefined } = {}): void {
  checkInputs('fit', model, x);
  const outputs = specsByPath(model.outputSpec());
  for (const [path, column] of columnEntries({ y })) {
    const output = outputs.get(path.replace(/^y\.?/, ''));
    const classes = output?.shape.at(-1) ?? 1;
    if (!output || isUnknown(classes) || classes < 2 || Array.isArray(column.data)) continue;
    const shape = exampleShape(column);
    const rows = output.shape.length - 1;
    const isLabel = shape.length === rows || (shape.length === rows + 1 && shape.at(-1) === 1);
    if (isLabel) validateLabels(column, classes, { ignore, name: path });
  }
}

/** Checks inputs against the specs that a model was built for. */
export function checkInputs(where: string, model: AnyModule, x: unknown): void {
  const specs = specsByPath(model.inputSpec);
  const given = columnEntries(x);
  const told = (paths: readonly string[]): string => (paths.length === 1 && paths[0] === '' ? 'one column' : paths.join(', '));
  if (given.length !== specs.size || given.some(([path]) => !specs.has(path))) {
    throw new DataError(`[${where}] the model takes ${told([...specs.keys()])}: got ${told(given.map(([path]) => path))}`);
  }
  for (const [path, column] of given) {
    const { shape } = specs.get(path)!;
    const own = exampleShape(column);
    const fits = (length: number | null, axis: number): boolean => length === null || isUnknown(shape[axis]!) || length === shape[axis];
    if (own.length === shape.length && own.every(fits)) continue;
    const wanted = `[N, ${shape.map((length) => (isUnknown(length) ? '?' : length)).join(', ')}]`;
    const rows = 'offsets' in column ? column.length : column.shape[0];
    throw new DataError(
      `[${where}] the input ${path || 'x'} must be ${wanted}: got [${[rows, ...own.map((length) => length ?? '?')].join(', ')}]`,
    );
  }
}

function specsByPath(specs: unknown): Map<string, TensorSpec> {
  const { leaves, paths } = treeFlatten(specs);
  return new Map(paths.flatMap((path, i) => (isSpec(leaves[i]) ? [[path, leaves[i]] as const] : [])));
}

function isFloat({ data }: { readonly data: unknown }): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}
