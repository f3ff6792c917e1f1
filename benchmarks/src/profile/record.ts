import type { WasmBackend } from '@tessera/backend-wasm';
import type { Call } from './operations.ts';

/** A kernel call of a step with the least time that it took. */
export interface TimedCall extends Call {
  ms: number;
}

/** A backend that times each kernel call. Plans are run on it step by step: it has no other way of its own. */
export class Recorder {
  readonly backend: WasmBackend;
  /** The calls of a step in order: each does the same again. */
  readonly calls: TimedCall[] = [];
  #at = 0;

  constructor(backend: WasmBackend) {
    const execute: WasmBackend['execute'] = (op, inputs, attributes, outputs) => {
      const began = performance.now();
      backend.execute(op, inputs, attributes, outputs);
      this.#record({ op, inputs: [...inputs], attributes, outputs: [...outputs], ms: performance.now() - began });
    };
    this.backend = new Proxy(backend, {
      get(target, key) {
        if (key === 'prepare') return undefined;
        if (key === 'execute') return execute;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** What is called next is the first of a step; `afresh` forgets those before. */
  begin(afresh: boolean): void {
    this.#at = 0;
    if (afresh) this.calls.length = 0;
  }

  #record(call: TimedCall): void {
    const known = this.calls[this.#at++];
    if (!known) this.calls.push(call);
    else known.ms = Math.min(known.ms, call.ms);
  }
}
