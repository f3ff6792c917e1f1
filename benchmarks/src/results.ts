import { readFileSync, writeFileSync } from 'node:fs';
import type { Row } from './row.ts';
import { tableOf } from './table.ts';

const file = new URL('../results.json', import.meta.url);
const readme = new URL('../README.md', import.meta.url);

/** Puts rows in the place of those of the same works. */
export function merged(kept: readonly Row[], rows: readonly Row[]): Row[] {
  const works = new Set([...kept, ...rows].map(({ work }) => work));
  return [...works].flatMap((name) => {
    const of = (all: readonly Row[]): Row[] => all.filter(({ work }) => work === name);
    const measured = of(rows);
    return measured.length ? measured : of(kept);
  });
}

/** Keeps rows in results.json, and writes the tables of the README anew. */
export function keep(rows: readonly Row[]): void {
  const all = merged(JSON.parse(readFileSync(file, 'utf8')) as Row[], rows);
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
  const onGpu = ({ work }: Row): boolean => work.startsWith('webgpu ');
  let text = readFileSync(readme, 'utf8');
  text = withTable(
    text,
    'results',
    all.filter((row) => !onGpu(row)),
  );
  text = withTable(text, 'results on webgpu', all.filter(onGpu));
  writeFileSync(readme, text);
}

/** The text with a table between its marks. */
function withTable(text: string, name: string, rows: readonly Row[]): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`The README must have ${start} and ${end}`);
  return `${before}${start}\n\n${tableOf(rows)}\n\n${end}${after}`;
}
