import { describeRow, type Row } from '../row.ts';

/** Adds what was measured of a work to the table, the work's name above. */
export function addRows(table: HTMLTableElement, rows: readonly Row[], nameOf: (work: string) => string): void {
  const [first] = rows;
  if (!first) return;
  const body = table.createTBody();
  const head = document.createElement('th');
  Object.assign(head, {
    scope: 'rowgroup',
    colSpan: table.tHead!.rows[0]!.cells.length,
    className: 'work',
    textContent: nameOf(first.work),
  });
  body.insertRow().append(head);
  for (const row of rows) {
    const { implementation, best, median, rate, ratios, traffic } = describeRow(row, first);
    const line = body.insertRow();
    line.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: implementation }));
    const asked = [0, 1].map((i) => traffic[i] ?? '');
    for (const text of [best, median, rate, ratios.join(' / '), ...asked]) line.insertCell().textContent = text;
  }
}
