// What must be there before anything runs: the packages of the lockfile and the compiled kernels. node scripts/setup.mjs sees to it.
// Any script of package.json may be the first command in a clone, so none of them imports an installed package before setup().
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a command in the project's root with its output shown; ends the process when it fails, unless told otherwise. */
export function run(command, parameters, { optional = false, env = {}, shell = false } = {}) {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, shell });
  if (error) throw error;
  if (status !== 0 && !optional) process.exit(status ?? 1);
  return status;
}

/** Whether Node was started with this module, given by its URL. */
export function isMain(url) {
  const [, main = ''] = process.argv;
  return existsSync(main) && realpathSync(main) === fileURLToPath(url);
}

function isStale() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Installs and builds what is missing or older than its sources. */
export function setup() {
  if (isStale()) {
    console.log('Installing the packages of package-lock.json …');
    run('npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
  }
  run(process.execPath, ['packages/backend-wasm/scripts/build-kernels.mjs']);
}

if (isMain(import.meta.url)) setup();
