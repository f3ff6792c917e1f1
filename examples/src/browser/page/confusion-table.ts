/** Fills a table with counts: rows are classes, columns what they are taken for, coloured by their share of the row. */
export function fillConfusionTable(table: HTMLTableElement, matrix: readonly (readonly number[])[], classes: readonly string[]): void {
  if (table.tBodies[0]?.rows.length !== classes.length || table.tHead?.textContent !== classes.join('')) layOut(table, classes);
  matrix.forEach((counts, i) => {
    const total = Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    );
    counts.forEach((count, j) => {
      const cell = table.tBodies[0]!.rows[i]!.cells[j + 1]!;
      const text = String(count || '·');
      if (cell.textContent === text) return;
      cell.textContent = text;
      // The square root, so that a few mistakes are seen beside many hits.
      cell.style.setProperty('--strength', String(Math.sqrt(count / total)));
    });
  });
}

function layOut(table: HTMLTableElement, classes: readonly string[]): void {
  table.classList.toggle(
    'long',
    classes.some((name) => name.length > 2),
  );
  const header = (name: string, scope: string): HTMLTableCellElement => {
    const cell = document.createElement('th');
    cell.scope = scope;
    const text = document.createElement('span');
    text.textContent = cell.title = name;
    cell.append(text);
    return cell;
  };
  const corner = document.createElement('td');
  corner.className = 'corner';
  const head = document.createElement('tr');
  head.append(corner, ...classes.map((name) => header(name, 'col')));
  table.createTHead().replaceChildren(head);
  const rows = classes.map((name, i) => {
    const row = document.createElement('tr');
    const cells = classes.map((_, j) => Object.assign(document.createElement('td'), { className: i === j ? 'hit' : 'miss' }));
    row.append(header(name, 'row'), ...cells);
    return row;
  });
  table.tBodies[0]!.replaceChildren(...rows);
}
