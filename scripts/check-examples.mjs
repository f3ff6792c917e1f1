// Runs the README's example commands as a user would, and holds the accuracy that each prints against what it must reach.
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { root } from './setup.mjs';

// The README's first command comes first: in CI it finds a clone where nothing is installed.
const examples = [
  { command: ['start'], accuracy: 0.97 },
  { command: ['run', 'example', 'digits-loop'], epochs: 1, accuracy: 0.85 },
  { command: ['run', 'example', 'digits-eager'], epochs: 1, accuracy: 0.85 },
  { command: ['run', 'example', 'cifar10'], epochs: 1, accuracy: 0.3, needs: 'TESSERA_DATA' },
];

/** Runs npm with its output shown; gives its status and what it printed. */
function npm(parameters, env) {
  return new Promise((resolve) => {
    const child = spawn('npm', parameters, { cwd: root, env: { ...process.env, ...env }, shell: process.platform === 'win32' });
    let output = '';
    child.stdout.on('data', (chunk) => (process.stdout.write(chunk), (output += chunk)));
    child.stderr.on('data', (chunk) => process.stderr.write(chunk));
    child.on('close', (status) => resolve({ status, output }));
  });
}

let failed = false;
for (const { command, epochs, accuracy, needs } of examples) {
  const name = `npm ${command.join(' ')}`;
  if (needs && !process.env[needs]) {
    console.log(`!!! ${name} is left out: ${needs} is not set`);
    continue;
  }
  console.log(`── ${name}`);
  const began = performance.now();
  const { status, output } = await npm(command, epochs ? { EPOCHS: String(epochs) } : {});
  const reached = Number(/test.*accuracy (\d\.\d+)/i.exec(output)?.[1]);
  const good = status === 0 && reached >= accuracy;
  failed ||= !good;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${good ? 'ok' : 'FAILED'}: ${name} ended with ${status} after ${seconds} s, accuracy ${reached} (at least ${accuracy})\n`);
}
if (failed) process.exit(1);
