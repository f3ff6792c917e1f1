import type { Backend } from '@tessera/core';
import { setDefaultBackend } from '@tessera/tensor';

/** Runs `f` with a backend as the default, and puts back the one before. */
export async function onBackend(backend: Backend, f: () => Promise<void>): Promise<void> {
  const before = setDefaultBackend(backend);
  try {
    await f();
  } finally {
    setDefaultBackend(before);
  }
}
