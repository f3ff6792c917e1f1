// npm run bench [-- WORK … --json FILE --readme]: works done by several implementations in turn. Without names, all of them.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { blockForward, blockStep } from './block/index.ts';
import { cnn } from './cnn/index.ts';
import { agree, contest, type Row, type Work } from './contest.ts';
import { convolutions, elementwise, products } from './kernels/index.ts';
import { lstm } from './lstm/index.ts';
import { writeTable } from './table.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' }, readme: { type: 'boolean' } } });
const works: Readonly<Record<string, readonly Work[]>> = {
  matmul: products,
  conv: convolutions,
  elementwise,
  cnn: [cnn],
  lstm: [lstm],
  block: [blockForward, blockStep],
};
const unknown = positionals.find((name) => !Object.hasOwn(works, name));
if (unknown) {
  console.error(`There is no work ${unknown}. There are: ${Object.keys(works).join(', ')}`);
  process.exit(1);
}
const rounds = Number(process.env['ROUNDS'] ?? 10);
const all: Row[] = [];
for (const work of (positionals.length ? positionals : Object.keys(works)).flatMap((name) => works[name]!)) {
  const rows = await contest(work, rounds);
  console.log(`\n${work.name}`);
  for (const { implementation, bestMs, medianMs, gflops } of rows) {
    const speed = gflops === undefined ? '' : `  ${gflops.toFixed(1).padStart(6)} GFLOP/s`;
    const ratios = [bestMs / rows[0]!.bestMs, medianMs / rows[0]!.medianMs].map((ratio) => ratio.toFixed(2).padStart(7));
    console.log(
      `  ${implementation.padEnd(14)} best ${bestMs.toFixed(3).padStart(9)} ms  median ${medianMs.toFixed(3).padStart(9)} ms${speed}  ${ratios.join(' and ')} × the first`,
    );
  }
  if (!agree(work, rows)) {
    console.error(`  They must agree: got ${rows.map(({ implementation, check }) => `${implementation} ${check}`).join(', ')}`);
    process.exitCode = 1;
  }
  all.push(...rows);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
if (values.readme) writeTable(all, new URL('../README.md', import.meta.url));
