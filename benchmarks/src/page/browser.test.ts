import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chromium, type Page, startChromium, text, until, violations } from '@tessera/examples/browser/chromium.ts';
import { hasPeers, pageServer } from './server.ts';

const executablePath = process.env['TESSERA_CHROMIUM'];

// Without a graphics card this is SwiftShader.
describe.skipIf(!executablePath)('the page of the benchmark, in Chromium', { timeout: 180_000 }, () => {
  let chromium: Chromium;
  beforeAll(async () => void (chromium = await startChromium(executablePath!, ['--enable-unsafe-webgpu'], pageServer)));
  afterAll(async () => {
    await chromium?.close();
    expect(chromium.errors).toEqual([]);
  });

  /** The page with one work chosen, by the keyboard. */
  async function chosen(work: string, width: number, prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const page = await chromium.open({ width });
    await prepare?.(page);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    for (const box of await page.locator('#works input').all()) {
      await box.focus();
      if ((await box.inputValue()) !== `webgpu ${work}`) await page.keyboard.press('Space');
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    return page;
  }

  it('does a work by all who take part, and copies what came of it', async () => {
    const page = await chosen('matmul 256', 360);
    await until(page, 'status', /^matmul 256, 1 of 1/);
    await until(page, 'status', hasPeers ? /^Done: all that was computed agrees/ : /^Done, but for what failed/);
    const names = await page.locator('#results tbody th[scope=row]').allTextContents();
    const others = hasPeers ? ['tfjs webgpu', 'jax-js webgpu'] : [];
    expect(names.map((name) => name.replace(/, \d+ threads/, ''))).toEqual(['tessera webgpu', ...others, 'tessera wasm']);
    await page.focus('#copy');
    await page.keyboard.press('Enter');
    await until(page, 'copied', /^Copied/);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^Adapter: .*swiftshader.* \(software\)/);
    expect(copied).toContain('| webgpu matmul 256 | tessera webgpu |');
    const report = JSON.parse(/```json\n(.*)\n```/.exec(copied)![1]!);
    expect(report.adapter).toMatchObject({ architecture: 'swiftshader', software: true });
    expect(Date.parse(report.date)).toBeGreaterThan(Date.now() - 200_000);
    expect(report.browser).toContain('Chrome');
    for (const { bestMs, check } of report.rows) expect([bestMs > 0, check]).toEqual([true, expect.closeTo(report.rows[0].check, 2)]);

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('stops in the midst of a work, and starts again', async () => {
    const page = await chosen('cnn step', 1280);
    await until(page, 'status', /^cnn step, 1 of 1/);
    expect(await page.evaluate('document.activeElement.id')).toBe('stop');
    await page.keyboard.press('Enter');
    await until(page, 'status', /^Stopped\.$/);
    expect(await page.evaluate('document.activeElement.id')).toBe('run');
    await page.keyboard.press('Enter');
    await until(page, 'status', /^cnn step, 1 of 1/);
    await page.close();
  });

  it('goes on without a library that fails, and says so', async () => {
    const page = await chosen('matmul 256', 1280, async (opened) => {
      // The part with TensorFlow.js in it does not arrive.
      await opened.route('**/*.js', async (route) => {
        const response = await route.fetch();
        const body = await response.text();
        return body.includes('WEBGPU_MATMUL_PROGRAM_TYPE') ? route.abort() : route.fulfill({ response, body });
      });
    });
    await until(page, 'status', /^Done, but for what failed/);
    expect(await text(page, 'failures')).toMatch(/^matmul 256, tfjs webgpu: .*(fetch|resolve)/);
    expect(await page.locator('#results tbody th[scope=row]').count()).toBe(hasPeers ? 3 : 2);
    await page.close();
  });
});

describe.skipIf(!executablePath)('the page of the benchmark where there is no WebGPU', () => {
  it('says what to do', async () => {
    const chromium = await startChromium(executablePath!, [], pageServer);
    const page = await chromium.browser.newPage();
    await page.goto(chromium.address);
    await until(page, 'status', /^(This browser has no WebGPU|WebGPU finds no graphics card)/);
    expect(await page.isDisabled('#run')).toBe(true);
    await chromium.close();
  });
});
