import { type Backend, bytesPerElement, type Plan, type PlanRunner, preparePlan, sizeOf } from '@tessera/core';
import { eager, Storage, type Tensor } from '@tessera/tensor';

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
      for (const [i, { view, dtype }] of this.plan.outputs.entries()) {
        const replaced = this.#replaced[i]!;
        const byteLength = sizeOf(view.shape) * bytesPerElement(dtype);
        const from = inputs[replaced]?.placement!.storage;
        const isOver = from !== undefined && isUnseen(from, byteLength, inputs);
        const storage = (isOver ? from : new Storage(this.#backend, this.#backend.allocate(byteLength))).retain();
        storages.push(storage);
        if (!from || isOver) continue;
        const { buffer } = storage;
        this.#backend.execute('copy', [{ buffer: from.buffer, dtype, view }], {}, [{ buffer, dtype, view }]);
        buffers[replaced] = buffer;
      }
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

  compile(onProgress?: (done: number, all: number) => void): Promise<void> | undefined {
    return this.#runner.compile?.(onProgress);
  }

  dispose(): void {
    this.#runner.dispose();
  }
}

/** The handles on the value of a variable that nobody else sees: the variable's own, and the one with which a run takes it in. */
const OWN_HANDLES = 2;

/** Whether a storage is that of one input alone, all of it, and nobody else has a handle on it. */
function isUnseen(storage: Storage, byteLength: number, inputs: readonly Tensor[]): boolean {
  const takers = inputs.filter(({ placement }) => placement!.storage === storage);
  return storage.handles <= OWN_HANDLES && takers.length === 1 && storage.buffer.byteLength === byteLength;
}
