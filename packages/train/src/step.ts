import { capture, type Captured } from '@tessera/capture';
import { tidy } from '@tessera/tensor';

/** How steps are run. */
export interface StepOptions {
  /** Whether they are run op by op instead of being captured and replayed (default `false`). */
  readonly eager?: boolean | undefined;
  /** The most bytes that temporaries of a captured step may take: what is cheap is then computed again rather than kept. */
  readonly memoryLimit?: number | undefined;
}

/** Makes steps of functions of tensors. */
export type StepFactory = <A extends readonly unknown[], R>(f: (...inputs: A) => R) => Captured<A, R>;

/** Steps that are captured and replayed, or run op by op. */
export function stepFactory({ eager = false, memoryLimit = Infinity }: StepOptions): StepFactory {
  return <A extends readonly unknown[], R>(f: (...inputs: A) => R): Captured<A, R> => {
    if (!eager) return capture(f, { memoryLimit });
    const run = (...inputs: A): R => tidy(() => f(...inputs));
    return Object.assign(run, { plans: [], warmUp: async (inputs: A) => () => run(...inputs), dispose() {} });
  };
}
