// npm run check: everything that CI runs but the tests. Goes on after a failure and lists what failed at the end.
import { performance } from 'node:perf_hooks';
import { run, setup } from './setup.mjs';

const node = (...parameters) => [process.execPath, parameters];
const bin = (path, ...parameters) => node(`node_modules/${path}`, ...parameters);
const quiet = { TURBO_TELEMETRY_DISABLED: '1' };

const parts = [
  ['build', ...bin('turbo/bin/turbo', 'run', 'build', '--output-logs=errors-only')],
  ['types', ...bin('turbo/bin/turbo', 'run', 'typecheck', '--output-logs=errors-only')],
  ['lint', ...bin('oxlint/bin/oxlint', '--quiet', 'packages', 'scripts', 'examples', 'conformance')],
  ['format', ...bin('@biomejs/biome/bin/biome', 'format', '--error-on-warnings')],
  ['unused', ...bin('knip/bin/knip.js', '--no-progress', '--no-config-hints')],
  ['floors', ...node('scripts/check-floors.mjs')],
  ['docs', ...bin('typedoc/bin/typedoc', '--options', 'docs/typedoc.json', '--logLevel', 'Warn')],
  ['packages', ...node('scripts/check-packages.mjs')],
  ['lines', ...node('scripts/lines.mjs')],
];

setup();
const only = process.argv.slice(2);
const failed = [];
const times = [];
for (const [name, command, parameters] of parts) {
  if (only.length && !only.includes(name)) continue;
  console.log(`\n── ${name}`);
  const began = performance.now();
  if (run(command, parameters, { optional: true, env: quiet }) !== 0) failed.push(name);
  times.push(`${name} ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
console.log(`\n${times.join(', ')}`);
if (failed.length) {
  console.error(`Failed: ${failed.join(', ')}`);
  process.exit(1);
}
console.log('All checks passed');
