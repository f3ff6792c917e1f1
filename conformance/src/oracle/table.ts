import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { grad } from '@tessera/autograd';
import type { Backend } from '@tessera/core';
import { isTensor, setDefaultBackend, tensor, type Tensor, tidy } from '@tessera/tensor';
import { expect } from 'vitest';
import { NotClaimed } from './opinfo.ts';

/** A tensor as the tables have it; NaN and the infinities are strings. */
export interface TableTensor {
  readonly tensor: 1;
  readonly dtype: string;
  readonly shape: number[];
  readonly data: (number | string | boolean)[];
}

/** A layer of PyTorch's: how it was made, what it was given, and what came of it. */
export interface ModuleRow {
  readonly module: string;
  readonly desc: string;
  readonly ctor: { args: unknown[]; kwargs: Record<string, unknown> };
  readonly state: Record<string, TableTensor>;
  readonly args: unknown[];
  readonly kwargs: Record<string, unknown>;
  readonly outputs: TableTensor[];
  readonly gradOf?: (string | number)[][];
  readonly grads?: TableTensor[];
  readonly paramGrads?: Record<string, TableTensor>;
}

/** The rows of a table kept in `conformance/oracle`. */
export function readTable<Row>(name: string): Row[] {
  const bytes = readFileSync(join(import.meta.dirname, '..', '..', 'oracle', `${name}.jsonl.gz`));
  return gunzipSync(bytes)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

const number = (value: number | string | boolean): number => Number(typeof value === 'string' ? value.replace('nan', 'NaN') : value);

function isTableTensor(value: unknown): value is TableTensor {
  return typeof value === 'object' && value !== null && 'tensor' in value;
}

/** Arguments with tensors in the places of the table's: floats as float32, integers as int32. */
export function toArguments(value: unknown, backend: Backend): unknown {
  if (isTableTensor(value)) {
    const dtype = value.dtype.startsWith('float') ? 'float32' : value.dtype === 'bool' ? 'bool' : 'int32';
    return tensor(Float64Array.from(value.data, number), { shape: value.shape, dtype, backend });
  }
  if (Array.isArray(value)) return value.map((item) => toArguments(item, backend));
  if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
  if (typeof value === 'object' && value !== null && !isTensor(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toArguments(item, backend)]));
  }
  return value;
}

/** What differs between a result and the table's answer, if anything: rtol 1e-4, atol 1e-5. */
export async function difference(
  got: Tensor,
  expected: TableTensor,
  { rtol = 1e-4, atol = 1e-5 }: { rtol?: number; atol?: number } = {},
): Promise<string | undefined> {
  if (got.shape.join() !== expected.shape.join()) return `shape [${got.shape.join(', ')}] instead of [${expected.shape.join(', ')}]`;
  const data = await got.data();
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Number(data[i]), number(expected.data[i]!)];
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= atol + rtol * Math.abs(y)) continue;
    return `element ${i} is ${x} instead of ${y}`;
  }
  return undefined;
}

/** L = Σ over the floating outputs of Σᵢ out.flat[i]·cos(i + 1): what the tables' gradients are of. */
export function objective(outputs: readonly Tensor[]): Tensor {
  return outputs
    .filter(({ dtype }) => dtype === 'float32')
    .map((output) => {
      const weights = tensor(
        Float32Array.from({ length: output.size }, (_, i) => Math.cos(i + 1)),
        { backend: output.backend },
      );
      return output.flatten().mul(weights).sum();
    })
    .reduce((a, b) => a.add(b));
}

/** Gradients of the objective by some of the inputs of a call. */
export function gradientsOf(run: (...inputs: Tensor[]) => readonly Tensor[], inputs: readonly Tensor[]): Tensor[] {
  return tidy(
    () => grad((...at: Tensor[]) => objective(run(...at)), { argnums: inputs.map((_, i) => i) })(...inputs) as unknown as Tensor[],
  );
}

/**
 * Checks all rows of a table of modules on a backend and says how many of each module were run. `check` gives what is wrong with a
 * row, if anything, and throws NotClaimed for one that is not ours. Gives how many modules there were.
 */
export async function expectModules<Row extends { readonly module: string; readonly desc: string }>(
  where: string,
  backend: Backend,
  rows: readonly Row[],
  check: (row: Row, backend: Backend) => Promise<string | undefined>,
): Promise<number> {
  setDefaultBackend(backend);
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  for (const [i, row] of rows.entries()) {
    let told: string | undefined;
    try {
      told = await check(row, backend);
    } catch (error) {
      if (error instanceof NotClaimed) continue;
      told = (error as Error).message;
    }
    counts.set(row.module, (counts.get(row.module) ?? 0) + 1);
    if (told) wrong.push(`${row.module} row ${i} ${row.desc}: ${told}`);
  }
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  console.log(`${where}: ${counts.size} modules, ${total} rows run, ${total - wrong.length} passed`);
  if (where === 'cpu') console.log([...counts].map(([name, count]) => `${name} ${count}`).join(', '));
  expect(wrong).toEqual([]);
  return counts.size;
}
