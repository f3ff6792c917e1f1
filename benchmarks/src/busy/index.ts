import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Work } from '../contest.ts';

/** Counts without end, and lets go now and then, to hear that nobody wants it any more. */
const program = `process.stdin.resume().on('end', () => process.exit());
function count() { const end = performance.now() + 5; while (performance.now() < end); setImmediate(count); }
count();`;

/** Other programs that use every core but one. */
function spinners(): { stop(): void } {
  const others = Array.from({ length: Math.max(1, availableParallelism() - 1) }, () =>
    spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'ignore', 'inherit'] }),
  );
  return { stop: () => others.forEach((child) => child.stdin.end()) };
}

/** A work by Tessera alone, on one thread and on several, while the other cores are busy. */
function whileBusy({ name, contestants, ...work }: Work): Work {
  return {
    ...work,
    name: `${name} busy`,
    contestants: contestants.filter(([implementation]) => implementation === 'tessera wasm'),
    beside: spinners,
  };
}

/** Works again, while the other cores are busy: several threads should not be slower then than one. */
export function busy(works: readonly Work[]): Work[] {
  return works.map(whileBusy).filter(({ contestants }) => contestants.length > 1);
}
