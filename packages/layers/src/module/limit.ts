import { FormatError } from '@tessera/core';

let allowance = Infinity;

/**
 * Runs `f`, in which modules may make variables of at most so many numbers together: a small file that describes a large
 * model is refused before memory is taken for it. @internal
 */
export function limitVariables<R>(numbers: number, f: () => R): R {
  allowance = numbers;
  try {
    return f();
  } finally {
    allowance = Infinity;
  }
}

/** Counts numbers that a module makes variables of. */
export function spend(numbers: number): void {
  if (!(numbers <= allowance)) throw new FormatError(`[loadModel] the model described must not be larger than the weights in the file`);
  allowance -= numbers;
}
