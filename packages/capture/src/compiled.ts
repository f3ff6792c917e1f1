import { type Backend, bytesPerElement, composites, lower, type Plan, type PlanRunner, preparePlan, sizeOf } from '@tessera/core';
import { eager, Storage, type Tensor } from '@tessera/tensor';
import { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
import { fuseElementwise } from './passes/fuse-elementwise.ts';
import type { Traced } from './trace.ts';

/** A traced function made ready to run again and again. */
export class Compiled {
  readonly traced: Traced;
  readonly plan: Plan;
  readonly #backend: Backend;
  readonly #runner: PlanRunner;

  constructor(traced: Traced, backend: Backend) {
    this.traced = traced;
    this.#backend = backend;
    const merged = mergeCommonSubexpressions(traced.graph);
    this.plan = lower(backend.composites.has(composites.fused.name) ? fuseElementwise(merged) : merged, backend);
    this.#runner = preparePlan(backend, this.plan);
  }

  /** Runs the plan; variables are assigned only when all of it has succeeded. */
  run(tensors: readonly Tensor[]): unknown {
    const { reads, constants, assigns, rebuild } = this.traced;
    const given = [...tensors, ...reads.map((variable) => variable.peek()), ...constants];
    const inputs = given.map((tensor) => tensor.contiguous());
    const storages: Storage[] = [];
    try {
      for (const { view, dtype } of this.plan.outputs) {
        const buffer = this.#backend.allocate(sizeOf(view.shape) * bytesPerElement(dtype));
        storages.push(new Storage(this.#backend, buffer).retain());
      }
      this.#runner.run(
        inputs.map((tensor) => tensor.placement!.storage.buffer),
        storages.map((storage) => storage.buffer),
      );
      const device = eager(this.#backend);
      const outputs = this.plan.outputs.map(({ view: { shape }, dtype }, i) => device.adopt(storages[i]!, { shape, dtype }));
      const results = outputs.splice(0, outputs.length - assigns.length);
      assigns.forEach((variable, i) => variable.replace(outputs[i]!));
      for (const output of outputs) output.dispose();
      return rebuild(results);
    } finally {
      for (const storage of storages) storage.release();
      inputs.forEach((input, i) => input !== given[i] && input.dispose());
    }
  }

  dispose(): void {
    this.#runner.dispose();
    for (const constant of this.traced.constants) constant.dispose();
  }
}
