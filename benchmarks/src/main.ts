// npm run bench [-- WORK … --json FILE --readme]: works done by several implementations in turn. Without names, all of them.
// npm run bench -- profile [cnn lstm block]: where the time of a captured step goes.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { blockForward, blockStep } from './block/index.ts';
import { busy } from './busy/index.ts';
import { cnn } from './cnn/index.ts';
import { agree, contest, type Work } from './contest.ts';
import { epoch } from './epoch/index.ts';
import { convolutions, elementwise, machine, products } from './kernels/index.ts';
import { lstm } from './lstm/index.ts';
import { memory } from './memory/index.ts';
import { overhead } from './overhead/index.ts';
import { profile, profiled } from './profile/index.ts';
import { describeRow, type Row } from './row.ts';
import { writeTable } from './table.ts';

const works: Readonly<Record<string, readonly Work[]>> = {
  peak: [machine],
  matmul: products,
  conv: convolutions,
  elementwise,
  cnn: [cnn],
  lstm: [lstm],
  block: [blockForward, blockStep],
  epoch: [epoch],
  memory: [memory],
  overhead,
  busy: busy([...products, ...convolutions, ...elementwise, cnn, lstm, blockStep]),
};

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' }, readme: { type: 'boolean' } } });
const [first, ...rest] = positionals;
if (first === 'profile') {
  expectKnown(rest, Object.keys(profiled));
  const shares = [];
  for (const name of rest.length ? rest : Object.keys(profiled)) shares.push(...(await profile(name)));
  write(shares);
  process.exit();
}
expectKnown(positionals, Object.keys(works));
const rounds = Number(process.env['ROUNDS'] ?? 10);
const all: Row[] = [];
for (const work of (positionals.length ? positionals : Object.keys(works)).flatMap((name) => works[name]!)) {
  const rows = await contest(work, rounds);
  console.log(`\n${work.name}`);
  for (const row of rows) {
    const { implementation, best, median, rate, ratios } = describeRow(row, rows[0]!);
    const [least, middle] = ratios.map((ratio) => ratio.padStart(7));
    console.log(
      `  ${implementation.padEnd(34)} best ${best.padStart(10)}  median ${median.padStart(10)}  ${rate.padStart(15)}  ${least} and ${middle} × the first`,
    );
  }
  if (!agree(work, rows)) {
    console.error(`  They must agree: got ${rows.map(({ implementation, check }) => `${implementation} ${check}`).join(', ')}`);
    process.exitCode = 1;
  }
  all.push(...rows);
}
write(all);
if (values.readme) writeTable(all, new URL('../README.md', import.meta.url));
// Runtimes of others keep threads and timers.
process.exit();

function expectKnown(names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  console.error(`There is no work ${unknown}. There are: ${known.join(', ')}`);
  process.exit(1);
}

function write(rows: readonly object[]): void {
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}
