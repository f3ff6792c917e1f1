import type { Work } from '../contest.ts';
import { kernelCall, opCall, parallelRegion } from './calls.ts';
import { javascript } from './javascript.ts';
import { ready } from './ready.ts';
import { size } from './size.ts';

/** What is no kernel's time: calls, threads, JavaScript, starting, and loading. */
export const overhead: readonly Work[] = [kernelCall, opCall, parallelRegion, ...javascript, ready, size];
