import { CheckError } from '../compare.ts';

/** Runs a part of a check; an error in it says in which. */
export async function attempt<R>(where: string, part: () => R | Promise<R>): Promise<R> {
  try {
    return await part();
  } catch (cause) {
    if (CheckError.is(cause)) throw cause;
    throw new CheckError(`[${where}] must work as a plain call does: got ${(cause as Error).message}`, { cause });
  }
}
