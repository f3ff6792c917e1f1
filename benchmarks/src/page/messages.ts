import type { Row } from '../row.ts';

/** Whose figures they are. */
export interface Adapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly features: readonly string[];
  /** Whether it works on the processor. */
  readonly software: boolean;
}

/** What the page tells its worker: do these works, by their names. */
export interface ToWorker {
  readonly works: readonly string[];
}

/** What the worker tells its page. */
export type FromWorker =
  | { readonly type: 'ready'; readonly adapter: Adapter; readonly works: readonly string[] }
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'turn'; readonly work: string; readonly implementation: string }
  | { readonly type: 'failed'; readonly work: string; readonly implementation: string; readonly reason: string }
  | { readonly type: 'measured'; readonly rows: readonly Row[] }
  | { readonly type: 'done' };
