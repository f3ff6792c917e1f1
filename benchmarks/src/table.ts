import { describeRow, type Row } from './row.ts';

/** The rows as a Markdown table; ratios are to the first row of each work. */
export function tableOf(rows: readonly Row[]): string {
  const counted = rows.some(({ traffic }) => traffic);
  const cells = rows.map((row) => {
    const { implementation, best, median, rate, ratios, traffic } = describeRow(row, rows.find(({ work }) => work === row.work)!);
    return [row.work, implementation, best, median, rate, ratios.join(' / '), ...(counted ? [0, 1].map((i) => traffic[i] ?? '') : [])];
  });
  const head = ['work', 'implementation', 'best', 'median', 'speed', 'times the first, best / median'];
  if (counted) head.push('dispatches', 'submits');
  const line = (of: readonly string[]): string => `| ${of.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...cells.map(line)].join('\n');
}
