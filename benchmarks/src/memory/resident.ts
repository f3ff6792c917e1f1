import { readFileSync, writeFileSync } from 'node:fs';

/** A line of what Linux tells of this process, in bytes; elsewhere nothing. */
function status(name: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
  } catch {
    return undefined;
  }
}

/** How much memory this process takes from now on beside what it has: the most at any time, in bytes. */
export function watchResident(): () => number {
  (globalThis as { gc?: () => void }).gc?.();
  try {
    // Forgets what was the most so far.
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Where there is no such file, the most of the whole process counts.
  }
  const before = status('VmRSS') ?? process.memoryUsage.rss();
  return () => Math.max(0, (status('VmHWM') ?? process.resourceUsage().maxRSS * 1024) - before);
}
