import type { Tensor } from '@tessera/tensor';
import type { Filled } from '../filled.ts';
import type { Any } from '../peers.ts';

/** One op on fixed inputs, in each library's words. */
export interface Kernel {
  readonly name: string;
  readonly inputs: readonly Filled[];
  readonly times: number;
  readonly flops?: number;
  readonly tessera: (...inputs: Tensor[]) => Tensor;
  readonly tfjs?: (tf: Any, ...inputs: Any[]) => Any;
}
