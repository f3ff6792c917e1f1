import type { Traffic } from './webgpu/traffic.ts';

/** What was measured of one implementation. */
export interface Row {
  readonly work: string;
  readonly threads: number;
  /** The instructions that the kernels were compiled for. */
  readonly build: string;
  readonly implementation: string;
  /** `null` where not time was measured but memory. */
  readonly bestMs: number | null;
  readonly medianMs: number | null;
  /** Billions of floating-point operations in a second, of the best time; `null` for works that are not counted in them. */
  readonly gflops: number | null;
  /** The mean of |y|, or the loss of the fifth step; `null` for those that compute nothing. */
  readonly check: number | null;
  readonly gigabytesPerSecond?: number;
  readonly imagesPerSecond?: number;
  /** The least and the median of what it took, where memory or size was measured. */
  readonly bytes?: number;
  readonly medianBytes?: number;
  /** The same as the library itself tells it. */
  readonly reportedBytes?: number | null;
  /** What a step asked of a GPU, the last one that was taken. */
  readonly traffic?: Traffic;
  /** What the figures rest on, where that is not the same as the others'. */
  readonly note?: string;
}

/** A row in words; ratios are to the first row of its work. */
export interface Description {
  readonly implementation: string;
  readonly best: string;
  readonly median: string;
  readonly rate: string;
  readonly ratios: readonly [best: string, median: string];
  /** What a step asked of a GPU: dispatches and submits; empty where that was not counted. */
  readonly traffic: readonly string[];
}

const amounts = ({ bestMs, medianMs, bytes, medianBytes }: Row): [best: number, median: number] => [
  bestMs ?? bytes!,
  medianMs ?? medianBytes!,
];

export function describeRow(row: Row, first: Row): Description {
  const { threads, note, implementation } = row;
  const details = [...(threads > 1 ? [`${threads} threads`] : []), ...(note ? [note] : [])];
  const [a, b] = [amounts(row), amounts(first)];
  const [best, median] = a.map(row.bestMs === null ? size : time) as [string, string];
  return {
    implementation: [implementation, ...details].join(', '),
    best,
    median,
    rate: rateOf(row),
    ratios: [(a[0] / b[0]).toFixed(2), (a[1] / b[1]).toFixed(2)],
    traffic: row.traffic ? [row.traffic.dispatches, row.traffic.submits].map(String) : [],
  };
}

function rateOf({ gflops, gigabytesPerSecond, imagesPerSecond, reportedBytes }: Row): string {
  if (gflops !== null) return `${gflops.toFixed(1)} GFLOP/s`;
  if (gigabytesPerSecond !== undefined) return `${gigabytesPerSecond.toFixed(1)} GB/s`;
  if (imagesPerSecond !== undefined) return `${imagesPerSecond.toFixed(0)} images/s`;
  return reportedBytes ? `reports ${size(reportedBytes)}` : '';
}

function time(ms: number): string {
  if (ms < 0.001) return `${(ms * 1e6).toFixed(0)} ns`;
  if (ms < 0.1) return `${(ms * 1000).toFixed(2)} µs`;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(3) : ms.toFixed(1)} ms`;
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
