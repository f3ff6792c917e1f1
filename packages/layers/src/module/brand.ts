import type { AnyModule } from './module.ts';

// A property rather than instanceof, so that modules of every loaded copy of this package are known.
/** Whether a value is a module. */
export function isModule(value: unknown): value is AnyModule {
  return typeof value === 'object' && value !== null && '~module' in value;
}
