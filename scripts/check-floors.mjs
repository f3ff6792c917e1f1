// Proves that packages import only from lower floors: in their sources, types included, and in their package.json.
// Tests may also use the backends and the test kit.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { floors } from './floors.mjs';
import { isMain, root } from './setup.mjs';

const forTests = new Set([
  'backend-cpu',
  'backend-wasm',
  'testkit',
  'autograd',
  'capture',
  'data',
  'losses',
  'metrics',
  'optim',
  'layers',
  'formats',
  'tensor',
  'core',
]);
const outside = new Set(['docs', 'examples', 'benchmarks', 'conformance']);

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

function violation(from, to, where) {
  if (outside.has(to)) return `${where}: nothing imports ${to}`;
  if (!(to in floors)) return `${where}: ${to} has no floor in scripts/floors.mjs`;
  if (floors[to] < floors[from]) return undefined;
  const direction = floors[to] === floors[from] ? 'sideways' : 'upwards';
  return `${where}: ${from} (floor ${floors[from]}) imports ${direction} from ${to} (floor ${floors[to]})`;
}

/** Every import that does not go down, one line each. */
export function checkFloors(packages = join(root, 'packages')) {
  const found = [];
  for (const from of readdirSync(packages)) {
    if (!(from in floors)) {
      found.push(`packages/${from}: has no floor in scripts/floors.mjs`);
      continue;
    }
    const manifest = JSON.parse(readFileSync(join(packages, from, 'package.json'), 'utf8'));
    const needed = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})];
    const imports = needed.map((name) => [name, `packages/${from}/package.json`, false]);
    const folder = join(packages, from, 'src');
    if (existsSync(folder)) {
      for (const path of sources(folder)) {
        const text = readFileSync(path, 'utf8');
        for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*'(@tessera\/[^']+)'/g)) {
          imports.push([name, path.slice(packages.length - 'packages'.length), path.endsWith('.test.ts')]);
        }
      }
    }
    for (const [name, where, inTest] of imports) {
      if (!name.startsWith('@tessera/')) continue;
      const to = name.split('/')[1];
      if (to === from || (inTest && forTests.has(to))) continue;
      const told = violation(from, to, where);
      if (told) found.push(told);
    }
  }
  return found;
}

if (isMain(import.meta.url)) {
  const found = checkFloors();
  for (const line of found) console.error(line);
  console.log(found.length ? `${found.length} imports do not go down` : 'Every import goes down the floors');
  process.exitCode = found.length ? 1 : 0;
}
