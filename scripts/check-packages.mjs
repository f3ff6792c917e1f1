// Checks each built package as npm would publish it: manifest, types, size, and that it loads in plain Node.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { root } from './setup.mjs';
import { readmeProgram, together, training, weigh } from './weigh.mjs';

/** The most that a package may weigh in a browser, minified and gzipped with what it imports, in kB. */
const budgets = {
  core: 13,
  'backend-cpu': 16,
  'backend-wasm': 62,
  'backend-webgpu': 54,
  tensor: 38,
  autograd: 25,
  capture: 28,
  formats: 10,
  layers: 48,
  losses: 20,
  optim: 21,
  metrics: 21,
  data: 14,
  train: 54,
  testkit: 64,
};

/** The most that the README's program may weigh, and all of the packages that train, together. */
const PROGRAM = 113;
const TOGETHER = 140;

let failed = false;
const fail = (name, message) => {
  failed = true;
  console.error(`${name}: ${message}`);
};
for (const name of readdirSync(join(root, 'packages')).sort()) {
  const folder = join(root, 'packages', name);
  const { messages } = await publint({ pkgDir: folder, strict: true });
  for (const { code, path, args } of messages) fail(name, `publint ${code} at ${path.join('.')} ${JSON.stringify(args)}`);

  // A bundler's view of the types; the kernels are no module and have none.
  const attw = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
  const types = spawnSync(
    process.execPath,
    [attw, '--pack', folder, '--profile', 'esm-only', '--exclude-entrypoints', 'simd.wasm', 'relaxed-simd.wasm'],
    {
      encoding: 'utf8',
    },
  );
  if (types.status !== 0) fail(name, types.stdout);

  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const entry of Object.values(exports)) if (entry.import) await import(join(folder, entry.import));

  const kilobytes = await weigh({ entryPoints: [join(folder, 'dist', 'index.js')] });
  const budget = budgets[name] ?? 20;
  console.log(`${name.padEnd(14)} ${kilobytes.toFixed(1).padStart(6)} kB of ${budget}`);
  if (kilobytes > budget) fail(name, `must weigh at most ${budget} kB gzipped: got ${kilobytes.toFixed(1)}`);
}
for (const [name, entry, most] of [
  ["the README's program", readmeProgram(), PROGRAM],
  [together.join(', '), training, TOGETHER],
]) {
  const kilobytes = await weigh(entry);
  console.log(`${kilobytes.toFixed(1)} kB of ${most}: ${name}`);
  if (kilobytes > most) fail(name, `must weigh at most ${most} kB gzipped together: got ${kilobytes.toFixed(1)}`);
}
process.exitCode = failed ? 1 : 0;
