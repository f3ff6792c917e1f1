import { cpu } from '@tessera/backend-cpu';
import { isTensor, setDefaultBackend, type Tensor } from '@tessera/tensor';
import { expect, it } from 'vitest';
import { NotClaimed, opinfo } from './opinfo.ts';
import { difference, gradientsOf, readTable, type TableTensor, toArguments } from './table.ts';
import { everyBackend } from '../every-backend.ts';

interface Row {
  readonly op: string;
  readonly variant: string;
  readonly case: number;
  readonly args: unknown[];
  readonly kwargs: Record<string, unknown>;
  readonly outputs: TableTensor[];
  readonly gradOf?: (string | number)[][];
  readonly grads?: TableTensor[];
}

const rows = readTable<Row>('opinfo');

/** An argument by its path: ['args', 0, 1] or ['kwargs', 'weight']. */
function lookUp(call: { args: unknown[]; kwargs: Record<string, unknown> }, path: (string | number)[]): Tensor {
  return path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], call) as Tensor;
}
function replaced(value: unknown, from: readonly Tensor[], to: readonly Tensor[]): unknown {
  if (isTensor(value)) return from.includes(value) ? to[from.indexOf(value)] : value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, from, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, from, to)]));
}

async function check(row: Row, backend: ReturnType<typeof cpu>): Promise<string | undefined> {
  const call = { args: toArguments(row.args, backend) as unknown[], kwargs: toArguments(row.kwargs, backend) as Record<string, unknown> };
  const run = opinfo[row.op]!;
  const outputs = [await run(call.args, call.kwargs)].flat() as Tensor[];
  for (const [i, output] of outputs.entries()) {
    const told = row.outputs[i] && (await difference(output, row.outputs[i]));
    if (told) return `output ${i}: ${told}`;
  }
  if (!row.gradOf?.length || !row.grads) return undefined;
  const inputs = row.gradOf.map((path) => lookUp(call, path));
  const gradients = gradientsOf((...at) => {
    const result = run(replaced(call.args, inputs, at) as unknown[], replaced(call.kwargs, inputs, at) as Record<string, unknown>);
    return ([result] as unknown[]).flat() as Tensor[];
  }, inputs);
  for (const [i, gradient] of gradients.entries()) {
    const told = await difference(gradient, row.grads[i]!);
    if (told) return `gradient ${i}: ${told}`;
  }
  return undefined;
}

for (const [where, backend] of await everyBackend()) {
  it(`agrees with PyTorch's answers on ${where}`, async () => {
    setDefaultBackend(backend);
    const counts = new Map<string, { run: number; passed: number }>();
    const wrong: string[] = [];
    for (const row of rows) {
      if (!opinfo[row.op]) continue;
      const count = counts.get(row.op) ?? { run: 0, passed: 0 };
      let told: string | undefined;
      try {
        told = await check(row, backend);
      } catch (error) {
        if (error instanceof NotClaimed) continue;
        told = (error as Error).message;
      }
      counts.set(row.op, { run: count.run + 1, passed: count.passed + (told ? 0 : 1) });
      if (told) wrong.push(`${row.op} ${row.variant} ${row.case}: ${told}`);
    }
    const total = [...counts.values()].reduce((sum, { run }) => sum + run, 0);
    console.log(`${where}: ${counts.size} ops, ${total} rows run, ${total - wrong.length} passed`);
    if (where === 'cpu') console.log([...counts].map(([op, { run, passed }]) => `${op} ${passed}/${run}`).join(', '));
    expect(wrong).toEqual([]);
    expect(counts.size).toBeGreaterThanOrEqual(120);
  });
}
