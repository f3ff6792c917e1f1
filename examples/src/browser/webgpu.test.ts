import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chromium, start, startChromium, text, until } from './chromium.ts';

const executablePath = process.env['TESSERA_CHROMIUM'];

// Without a graphics card this is SwiftShader, which does a few steps of the network in a second.
describe.skipIf(!executablePath)('the page on WebGPU, in Chromium', { timeout: 120_000 }, () => {
  let chromium: Chromium;
  beforeAll(async () => void (chromium = await startChromium(executablePath!, ['--enable-unsafe-webgpu'])));
  afterAll(async () => {
    await chromium?.close();
    expect(chromium.errors).toEqual([]);
  });

  /** The page, training on the digits after some steps and a measurement of what it began with. */
  async function training(): Promise<Page> {
    const page = await chromium.open();
    await page.selectOption('#backend', 'webgpu');
    await start(page, 50);
    await until(page, 'status', /^Training on WebGPU/);
    await until(page, 'loss', /\d/);
    await until(page, 'speed', /\d/);
    return page;
  }

  it('says that a software adapter is one, learns, and stops at once', async () => {
    const page = await training();
    expect(await text(page, 'status')).toMatch(/^Training on WebGPU, software, /);
    expect(await page.locator('#backend option[value=webgpu]').textContent()).toBe('WebGPU, software');
    expect(await text(page, 'backend-note')).toMatch(/^WebGPU works on the processor here/);
    await until(page, 'loss', /^([01]\.|2\.[01])/);
    const began = performance.now();
    await page.click('#stop');
    await until(page, 'status', /^Training was stopped: /);
    // Nothing is enqueued that takes long: about 0.2 s where nothing else runs beside it.
    expect(performance.now() - began).toBeLessThan(2000);
    await page.close();
  });

  for (const [choice, device] of [
    ['same', 'WebGPU, software'],
    ['wasm', 'WebAssembly'],
  ] as const) {
    it(`goes on with ${device} when the device is lost`, async () => {
      const page = await training();
      await page.click('summary');
      await page.selectOption('#after-loss', choice);
      await page.click('#lose');
      await until(page, 'status', new RegExp(`^The device was lost.+ Training goes on from epoch \\d+\\.\\d on ${device}`));
      await until(page, 'loss', /^([01]\.|2\.[01])/);
      await page.click('#stop');
      await until(page, 'status', /^Training was stopped: /);
      await page.close();
    });
  }
});
