import { type Backend, bytesPerElement, type Plan, type PlanOperand, type PlanRunner, preparePlan, sizeOf } from '@tessera/core';
import { eager, Storage, type Tensor } from '@tessera/tensor';

/** The handles on the value of a variable that nobody else sees: the variable's own, and the one of a run that takes it in. */
const OWN_HANDLES = 2;

/** A plan with the memory that it runs in. */
export class Executable {
  readonly plan: Plan;
  readonly #backend: Backend;
  readonly #runner: PlanRunner;
  /** For each output, the place of the input that it is written over; −1 for none. */
  readonly #replaced: readonly number[];

  constructor(plan: Plan, backend: Backend) {
    this.plan = plan;
    this.#backend = backend;
    this.#runner = preparePlan(backend, plan);
    this.#replaced = plan.outputs.map((output) => plan.inputs.findIndex((input) => input.buffer === output.buffer));
  }

  /** Runs the plan; the outputs are new tensors. What they replace is written over only where nobody else sees it. */
  run(given: readonly Tensor[]): Tensor[] {
    const inputs: Tensor[] = [];
    const storages: Storage[] = [];
    try {
      for (const tensor of given) inputs.push(tensor.contiguous());
      const buffers = inputs.map((tensor) => tensor.placement!.storage.buffer);
      this.plan.outputs.forEach((output, i) => {
        const input = this.#replaced[i]!;
        storages.push(this.#storageFor(output, inputs[input]).retain());
        if (input >= 0) buffers[input] = storages[i]!.buffer;
      });
      this.#runner.run(
        buffers,
        storages.map((storage) => storage.buffer),
      );
      const device = eager(this.#backend);
      return this.plan.outputs.map(({ view: { shape }, dtype }, i) => device.adopt(storages[i]!, { shape, dtype }));
    } finally {
      for (const storage of storages) storage.release();
      inputs.forEach((input, i) => input !== given[i] && input.dispose());
    }
  }

  /** Where an output goes: for one that replaces a tensor where that is, or in a copy if others see it. */
  #storageFor({ view, dtype }: PlanOperand, replaced?: Tensor): Storage {
    const from = replaced?.placement!.storage;
    if (from && from.handles <= OWN_HANDLES) return from;
    const buffer = this.#backend.allocate(sizeOf(view.shape) * bytesPerElement(dtype));
    if (from) this.#backend.execute('copy', [{ buffer: from.buffer, dtype, view }], {}, [{ buffer, dtype, view }]);
    return new Storage(this.#backend, buffer);
  }

  compile(onProgress?: (done: number, all: number) => void): Promise<void> | undefined {
    return this.#runner.compile?.(onProgress);
  }

  dispose(): void {
    this.#runner.dispose();
  }
}
