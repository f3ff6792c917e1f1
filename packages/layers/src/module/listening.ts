import type { AnyModule } from './module.ts';

type Listener = (module: AnyModule, output: unknown) => void;

let listeners: readonly Listener[] = [];

/** Runs a synchronous function with `listener` told of the output of every module that is called inside. */
export function listening<R>(listener: Listener, f: () => R): R {
  const before = listeners;
  listeners = [...before, listener];
  try {
    return f();
  } finally {
    listeners = before;
  }
}

/** Tells those who listen of an output. */
export function tellOutput(module: AnyModule, output: unknown): void {
  for (const listener of listeners) listener(module, output);
}
