// What the plans of the benchmarks' steps consist of, held against plans.json to the last instruction and byte.
// UPDATE_PLANS=1 records them anew where a change of them is meant.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import type { Backend, FusedAttributes, Plan, PlanRunner, Step } from '@tessera/core';
import { afterAll, describe, expect, it } from 'vitest';
import { tesseraForward, tesseraStep } from '../block/tessera.ts';
import { makeBlock } from '../block/work.ts';
import { tessera as cnn } from '../cnn/tessera.ts';
import { makeCnn } from '../cnn/work.ts';
import type { Contestant } from '../contest.ts';
import { tesseraStep as fitStep } from '../epoch/tessera.ts';
import { tessera as lstm } from '../lstm/tessera.ts';
import { makeLstm } from '../lstm/work.ts';

/** What a plan asks of its backend; loops' bodies count once. */
interface Figures {
  /** Kernel calls and loops. */
  readonly steps: number;
  /** The same with each instruction of a fused step. */
  readonly instructions: number;
  /** Steps by their op. */
  readonly ops: Readonly<Record<string, number>>;
  readonly peakBytes: number;
  /** Of the program that WebAssembly runs, with its constants. */
  readonly programBytes?: number;
  /** What a run asks of a GPU. */
  readonly dispatches?: number;
  readonly movedBytes?: number;
  readonly memoryBytes?: number;
}

type MakeStep = (backend: Backend) => Contestant | Promise<Contestant>;

const steps: Readonly<Record<string, MakeStep>> = {
  'cnn step': (backend) => cnn(makeCnn(), backend),
  'lstm step': (backend) => lstm(makeLstm(), backend),
  'block step': (backend) => tesseraStep(makeBlock(), backend),
  'block forward': (backend) => tesseraForward(makeBlock(), backend),
  'fit step': fitStep,
};

/** The driver that `npm run test:webgpu` has set the environment up for. */
const driver = process.env['TESSERA_WEBGPU'];
const backends: Readonly<Record<string, () => Backend | Promise<Backend>>> = driver
  ? { webgpu: () => webgpu() }
  : // Plain SIMD: programs may depend on the build, and which one is the default on the engine.
    { cpu, wasm: () => wasm({ deterministic: true }) };

/** The plan that a step is captured as. It is not run: what the step reads is any number. */
async function planOf(make: MakeStep, backend: Backend): Promise<Plan> {
  let last: Plan | undefined;
  const prepare = (plan: Plan): PlanRunner => {
    // Plans before the last one compute its constants.
    last = plan;
    return { run() {}, dispose() {} };
  };
  const contestant = await make({ ...backend, prepare });
  await contestant.step();
  return last!;
}

const stepsOf = (plan: Plan): Step[] => plan.steps.flatMap((step) => [step, ...(step.body ? stepsOf(step.body) : [])]);

function figuresOf(plan: Plan, backend: Backend): Figures {
  const all = stepsOf(plan);
  const ops: Record<string, number> = {};
  for (const { op } of all) ops[op] = (ops[op] ?? 0) + 1;
  const instructions = all.map(({ op, attributes }) => (op === 'fused' ? (attributes as FusedAttributes).instructions.length : 1));
  return {
    steps: all.length,
    instructions: instructions.reduce((sum, count) => sum + count, 0),
    ops: Object.fromEntries(Object.entries(ops).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    peakBytes: plan.peakBytes,
    ...ownFigures(plan, backend),
  };
}

/** What backends that make plans ready themselves tell of them. */
function ownFigures(plan: Plan, backend: Backend): Partial<Figures> {
  if (backend.name === 'webgpu') {
    const prepared = (backend as WebGpuBackend).prepare(plan);
    const { dispatches, movedBytes, memoryBytes } = prepared.facts;
    prepared.dispose();
    return { dispatches, movedBytes, memoryBytes };
  }
  // The memory of temporaries is shared by all plans: made ready once more, one takes the memory of its program alone.
  const first = backend.prepare?.(plan);
  if (!first) return {};
  const { liveBytes } = backend.memory();
  const second = backend.prepare!(plan)!;
  const programBytes = backend.memory().liveBytes - liveBytes;
  for (const runner of [first, second]) runner.dispose();
  return { programBytes };
}

const file = join(import.meta.dirname, 'plans.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, Figures>>;
const isUpdate = process.env['UPDATE_PLANS'] !== undefined;

describe.each(Object.entries(backends))('plans of the benchmark steps are as they were, on %s', (name, start) => {
  for (const [step, make] of Object.entries(steps)) {
    const needsData = make === fitStep && !process.env['TESSERA_DATA'];
    it.skipIf(needsData)(needsData ? `${step} (needs TESSERA_DATA)` : step, async () => {
      const backend = await start();
      const figures = figuresOf(await planOf(make, backend), backend);
      backend.dispose();
      if (isUpdate) (recorded[name] ??= {})[step] = figures;
      expect(figures).toEqual(recorded[name]?.[step]);
    });
  }
});

afterAll(() => {
  if (isUpdate) writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
});
