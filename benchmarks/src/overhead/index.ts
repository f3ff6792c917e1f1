import type { Work } from '../contest.ts';
import { kernelCall, opCall } from './calls.ts';
import { javascript } from './javascript.ts';
import { ready } from './ready.ts';
import { parallelRegion, programRegion } from './regions.ts';
import { size } from './size.ts';

/** What is no kernel's time: calls, threads, JavaScript, starting, and loading. */
export const overhead: readonly Work[] = [kernelCall, opCall, parallelRegion, programRegion, ...javascript, ready, size];
