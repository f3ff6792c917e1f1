// npm run bench [-- WORK … --json FILE --readme]: works done by several implementations in turn. Without names, all of them.
// npm run bench -- profile [cnn lstm block]: where the time of a captured step goes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agree, contest, type Work } from './contest.ts';
import { profile, profiled } from './profile/index.ts';
import { describeRow, type Row } from './row.ts';
import { writeTable } from './table.ts';
import { webgpuWorks } from './webgpu/index.ts';
import { works } from './works.ts';

/** Those that need a GPU, or a driver that stands for one, and are done where they are named. */
const named: Readonly<Record<string, () => Promise<readonly Work[]>>> = { webgpu: webgpuWorks };

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' }, readme: { type: 'boolean' } } });
const [first, ...rest] = positionals;
if (first === 'profile') {
  expectKnown(rest, Object.keys(profiled));
  const shares = [];
  for (const name of rest.length ? rest : Object.keys(profiled)) shares.push(...(await profile(name)));
  write(shares);
} else {
  expectKnown(positionals, [...Object.keys(works), ...Object.keys(named)]);
  const names = positionals.length ? positionals : Object.keys(works);
  const rows = names.length === 1 ? await rowsOf(names[0]!) : names.flatMap(inOwnProcess);
  write(rows);
  if (values.readme) writeTable(rows, new URL('../README.md', import.meta.url));
}
// Runtimes of others keep threads and timers.
process.exit();

async function rowsOf(name: string): Promise<Row[]> {
  const rounds = Number(process.env['ROUNDS'] ?? 10);
  const all: Row[] = [];
  for (const work of works[name] ?? (await named[name]!())) {
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
  return all;
}

/** What one group leaves behind (memory, functions compiled for other types) would weigh on the next. */
function inOwnProcess(name: string): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = join(folder, 'rows.json');
  try {
    const parameters = [...process.execArgv, fileURLToPath(import.meta.url), name, '--json', file];
    const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
    return JSON.parse(readFileSync(file, 'utf8')) as Row[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function expectKnown(names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  console.error(`There is no work ${unknown}. There are: ${known.join(', ')}`);
  process.exit(1);
}

function write(rows: readonly object[]): void {
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}
