import { type Backend, bytesPerElement, type Plan, type PlanRunner, preparePlan, sizeOf } from '@tessera/core';
import { eager, Storage, type Tensor } from '@tessera/tensor';

/** A plan with the memory that it runs in. */
export class Executable {
  readonly plan: Plan;
  readonly #backend: Backend;
  readonly #runner: PlanRunner;

  constructor(plan: Plan, backend: Backend) {
    this.plan = plan;
    this.#backend = backend;
    this.#runner = preparePlan(backend, plan);
  }

  /** Runs the plan; the outputs are new tensors. */
  run(given: readonly Tensor[]): Tensor[] {
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
      return this.plan.outputs.map(({ view: { shape }, dtype }, i) => device.adopt(storages[i]!, { shape, dtype }));
    } finally {
      for (const storage of storages) storage.release();
      inputs.forEach((input, i) => input !== given[i] && input.dispose());
    }
  }

  compile(onProgress?: (done: number, all: number) => void): Promise<void> | undefined {
    return this.#runner.compile?.(onProgress);
  }

  dispose(): void {
    this.#runner.dispose();
  }
}
