// npm run test:webgpu: the conformance suite and the backend's own tests on WebGPU, on two drivers that differ enough that passing
// both means something, and the op table once more through naga, the other front end. Arguments are vitest's. Without the drivers it fails.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root, run, setup } from './setup.mjs';
import { softwareVulkan } from './software-vulkan.mjs';

const DENO = '2.9.6';

// Those that go through every backend, and those that are WebGPU's own.
const suites = ['backends', 'ops', 'layers', 'metrics', 'optimizers', 'oracle', 'start', 'webgpu'].map((name) => `conformance/src/${name}`);

/** The op table in Deno, whose WebGPU is that of Firefox; whether it passed. */
async function testNaga(environment) {
  console.log('\n── WebGPU through naga, in Deno');
  const folder = join(root, '.tessera', `deno-${DENO}`);
  const deno = join(folder, 'node_modules', '.bin', 'deno');
  if (!existsSync(deno)) {
    mkdirSync(folder, { recursive: true });
    run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `deno@${DENO}`], { optional: true });
  }
  const bundle = join(root, '.tessera', 'naga.mjs');
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'conformance', 'src', 'webgpu', 'naga.ts')],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    conditions: ['@tessera/source'],
    logLevel: 'warning',
  });
  return run(deno, ['run', '--allow-env', bundle], { optional: true, env: environment }) === 0;
}

/** Runs the tests on each driver; whether all passed. */
export async function testWebGpu(parameters = []) {
  const drivers = softwareVulkan();
  if (!drivers) {
    console.error('\n!!! There is no software driver of Vulkan here: the tests of WebGPU DO NOT RUN. They need Debian 12 as root.\n');
    return false;
  }
  const filters = parameters.some((one) => !one.startsWith('-'))
    ? []
    : [...suites, 'packages/backend-webgpu', 'benchmarks/src/webgpu', 'benchmarks/src/plans'];
  let passed = true;
  for (const [name, environment] of Object.entries(drivers)) {
    console.log(`\n── WebGPU on ${name}`);
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=600000', ...filters, ...parameters];
    if (run(process.execPath, vitest, { optional: true, env: { ...environment, TESSERA_WEBGPU: name } }) !== 0) passed = false;
  }
  if (filters.length > 0 && !(await testNaga(drivers.lavapipe))) passed = false;
  return passed;
}

if (isMain(import.meta.url)) {
  setup();
  process.exitCode = (await testWebGpu(process.argv.slice(2))) ? 0 : 1;
}
