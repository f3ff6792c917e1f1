// npm run bench [-- WORK … --only TEXT --json FILE --keep]: works done by several implementations in turn. Without names, all of them.
// npm run bench -- profile [cnn epoch lstm block]: where the time of a captured step goes.
// npm run bench -- page [--out FOLDER]: a page that does the works on WebGPU in a browser; served here, or written for another server.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agree, contest, type Work } from './contest.ts';
import { offerPage } from './page/server.ts';
import { profile, profiled } from './profile/index.ts';
import { keep } from './results.ts';
import { describeRow, type Row } from './row.ts';
import { timedOnDawn, weighedOnDawn } from './webgpu/index.ts';
import { works } from './works.ts';

/** Those that need a GPU, or a driver that stands for one, and are done where they are named. */
const named: Readonly<Record<string, () => Promise<readonly Work[]>>> = { webgpu: timedOnDawn, 'webgpu-bytes': weighedOnDawn };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, json: { type: 'string' }, keep: { type: 'boolean' }, out: { type: 'string' } },
});
const [first, ...rest] = positionals;
if (first === 'profile') {
  expectKnown(rest, Object.keys(profiled));
  const shares = [];
  for (const name of rest.length ? rest : Object.keys(profiled)) shares.push(...(await profile(name)));
  write(shares);
} else if (first === 'page') {
  await offerPage(values.out);
} else {
  expectKnown(positionals, [...Object.keys(works), ...Object.keys(named)]);
  const names = positionals.length ? positionals : Object.keys(works);
  const rows = names.length === 1 ? await rowsOf(names[0]!) : names.flatMap(inOwnProcess);
  write(rows);
  if (values.keep) keep(rows);
}
// Runtimes of others keep threads and timers.
if (first !== 'page' || values.out !== undefined) process.exit();

async function rowsOf(name: string): Promise<Row[]> {
  const rounds = Number(process.env['ROUNDS'] ?? 10);
  const all: Row[] = [];
  for (const work of works[name] ?? (await named[name]!())) {
    if (!work.name.includes(values.only ?? '')) continue;
    const rows = await contest(work, rounds);
    console.log(`\n${work.name}`);
    for (const row of rows) {
      const { implementation, best, median, rate, ratios, traffic } = describeRow(row, rows[0]!);
      const [least, middle] = ratios.map((ratio) => ratio.padStart(7));
      console.log(
        `  ${implementation.padEnd(34)} best ${best.padStart(10)}  median ${median.padStart(10)}  ${rate.padStart(15)}  ${least} and ${middle} × the first`,
      );
      const [dispatches, submits] = traffic;
      if (dispatches) console.log(`    ${dispatches} dispatches in ${submits} submits`);
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
    const only = values.only === undefined ? [] : ['--only', values.only];
    const parameters = [...process.execArgv, fileURLToPath(import.meta.url), name, ...only, '--json', file];
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
