// npm run test:webgpu: the conformance suite and the backend's own tests on WebGPU, on two drivers that differ enough that passing
// both means something. Arguments are vitest's. Without the drivers it fails.
import { run, setup } from './setup.mjs';
import { softwareVulkan } from './software-vulkan.mjs';

// Those that go through every backend, and those that are WebGPU's own.
const suites = ['backends', 'ops', 'layers', 'metrics', 'optimizers', 'oracle', 'webgpu'].map((name) => `conformance/src/${name}`);

/** Runs the tests on each driver; whether all passed. */
export function testWebGpu(parameters = []) {
  const drivers = softwareVulkan();
  if (!drivers) {
    console.error('\n!!! There is no software driver of Vulkan here: the tests of WebGPU DO NOT RUN. They need Debian 12 as root.\n');
    return false;
  }
  const filters = parameters.some((one) => !one.startsWith('-')) ? [] : [...suites, 'packages/backend-webgpu'];
  let passed = true;
  for (const [name, environment] of Object.entries(drivers)) {
    console.log(`\n── WebGPU on ${name}`);
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=600000', ...filters, ...parameters];
    if (run(process.execPath, vitest, { optional: true, env: { ...environment, TESSERA_WEBGPU: name } }) !== 0) passed = false;
  }
  return passed;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  setup();
  process.exitCode = testWebGpu(process.argv.slice(2)) ? 0 : 1;
}
