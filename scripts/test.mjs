// npm test: sets up what is missing and runs every test. Arguments are vitest's.
// npm run test:browser runs those in a browser alone, npm run test:webgpu those on WebGPU. npm test has both, but for those whose
// Chromium or drivers are not there, except in CI.
import { findChromium } from './chromium.mjs';
import { run, setup } from './setup.mjs';
import { testWebGpu } from './test-webgpu.mjs';

const [only, ...rest] = process.argv.slice(2);
const browserOnly = only === '--browser';

setup();
if (!process.env.TESSERA_DATA)
  console.log("TESSERA_DATA is not set: tests on real data sets beyond the packages' own say so and are left out.");
const chromium = findChromium();
if (!chromium) {
  console.error(
    '\n!!! There is no Chromium: the tests in a browser DO NOT RUN. Install it (apt-get install chromium) or name it in CHROMIUM.\n',
  );
}
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...(browserOnly ? ['browser', ...rest] : process.argv.slice(2))], {
  env: chromium ? { TESSERA_CHROMIUM: chromium } : {},
});
// Whoever asks for some tests has named them; the reporters' files are those of the run above.
const chosen = process.argv.slice(2).some((parameter) => !parameter.startsWith('-'));
if (!browserOnly && !chosen && !(await testWebGpu()) && process.env.CI) process.exit(1);
// In CI nothing may be left out.
if (!chromium && (browserOnly || process.env.CI)) process.exit(1);
