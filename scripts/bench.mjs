// npm run bench: sets up, installs the peers that are measured against, and runs the benchmark.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';
import { softwareVulkan } from './software-vulkan.mjs';

setup();
const peers = join(root, 'benchmarks', 'peers');
const installed = join(peers, 'node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(peers, 'package-lock.json')).mtimeMs) {
  console.log('Installing the peers …');
  run('npm', ['ci', '--prefix', peers, '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}
const parameters = process.argv.slice(2);
const names = parameters.filter(
  (parameter, i) => !parameter.startsWith('--') && !['--json', '--only', '--out'].includes(parameters[i - 1]),
);
// Starting and size are told of packages as they are published.
if (names.length === 0 || names.includes('overhead'))
  run(process.execPath, [join(root, 'node_modules/turbo/bin/turbo'), 'run', 'build', '--output-logs=errors-only']);
// On WebGPU by a software driver, unless GPU says that there is a real one.
const env =
  names.some((name) => name.startsWith('webgpu')) && !process.env.GPU ? (softwareVulkan()?.[process.env.DRIVER ?? 'lavapipe'] ?? {}) : {};
run(process.execPath, ['--conditions=@tessera/source', '--import', 'tsx', 'benchmarks/src/main.ts', ...parameters], { env });
