// npm run bench: sets up, installs the peers that are measured against, and runs the benchmark.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

setup();
const peers = join(root, 'benchmarks', 'peers');
const installed = join(peers, 'node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(peers, 'package-lock.json')).mtimeMs) {
  console.log('Installing the peers …');
  run('npm', ['ci', '--prefix', peers, '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}
run(process.execPath, ['--conditions=@tessera/source', '--import', 'tsx', 'benchmarks/src/main.ts', ...process.argv.slice(2)]);
