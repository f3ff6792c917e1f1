import { readFileSync, writeFileSync } from 'node:fs';
import type { Row } from './contest.ts';

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(3) : ms.toFixed(1)} ms`;

/** The rows as a Markdown table; ratios are to the first row of each work. */
function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { bestMs, medianMs } = rows.find(({ work }) => work === row.work)!;
    const speed = row.gflops === undefined ? '' : row.gflops.toFixed(1);
    const ratios = [row.bestMs / bestMs, row.medianMs / medianMs].map((ratio) => ratio.toFixed(2)).join(' / ');
    return `| ${row.work} | ${row.implementation} | ${milliseconds(row.bestMs)} | ${milliseconds(row.medianMs)} | ${speed} | ${ratios} |`;
  });
  const head = ['| work | implementation | best | median | GFLOP/s | time against Tessera, best / median |', '|---|---|---|---|---|---|'];
  return [...head, ...lines].join('\n');
}

const [START, END] = ['<!-- results -->', '<!-- end of results -->'];

/** Puts the table between the marks in a file. */
export function writeTable(rows: readonly Row[], file: URL): void {
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${file.pathname} must have ${START} and ${END}`);
  writeFileSync(file, `${before}${START}\n\n${tableOf(rows)}\n\n${END}${after}`);
}
