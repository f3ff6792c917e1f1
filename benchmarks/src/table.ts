import { readFileSync, writeFileSync } from 'node:fs';
import { describeRow, type Row } from './row.ts';

/** The rows as a Markdown table; ratios are to the first row of each work. */
function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { implementation, best, median, rate, ratios } = describeRow(row, rows.find(({ work }) => work === row.work)!);
    return `| ${row.work} | ${implementation} | ${best} | ${median} | ${rate} | ${ratios.join(' / ')} |`;
  });
  const head = ['| work | implementation | best | median | speed | times the first, best / median |', '|---|---|---|---|---|---|'];
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
