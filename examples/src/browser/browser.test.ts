import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chromium, longestTask, type OpenOptions, type Page, start, startChromium, text, until, violations } from './chromium.ts';

const executablePath = process.env['TESSERA_CHROMIUM'];

describe.skipIf(!executablePath)('the page that trains, in Chromium', { timeout: 120_000 }, () => {
  let chromium: Chromium;
  beforeAll(async () => void (chromium = await startChromium(executablePath!)));
  afterAll(async () => {
    await chromium?.close();
    expect(chromium.errors).toEqual([]);
  });
  const open = (options?: OpenOptions): Promise<Page> => chromium.open(options);
  /** Moves over the pad with the button down; places are shares of its side. */
  const draw = async (page: Page, places: readonly (readonly [number, number])[]): Promise<void> => {
    await page.locator('#pad').scrollIntoViewIfNeeded();
    const { x, y, width } = (await page.locator('#pad').boundingBox())!;
    const to = ([right, down]: readonly [number, number]): Promise<void> =>
      page.mouse.move(x + right * width, y + down * width, { steps: 3 });
    await to(places[0]!);
    await page.mouse.down();
    for (const place of places) await to(place);
    await page.mouse.up();
  };

  it('trains, pauses, goes on and stops, and stays responsive', async () => {
    const page = await open();
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    const longest = await longestTask(chromium.browser, page, async () => {
      await start(page, 100);
      await until(page, 'loss', /^2\./);
      await until(page, 'loss', /^0\.[0-4]/);
      await page.waitForFunction(() =>
        /^Loss by epoch: training [01]\.\d\d, held out 0\.\d\d$/.test(document.getElementById('loss-chart')!.ariaLabel!),
      );
      const counts = await page.locator('#matrix tbody td').allTextContents();
      expect(counts.reduce((sum, count) => sum + (Number(count) || 0), 0)).toBe(1000);

      await page.click('#run');
      await until(page, 'status', /^Paused/);
      await page.waitForTimeout(300);
      const paused = await text(page, 'epoch');
      await page.waitForTimeout(700);
      expect(await text(page, 'epoch')).toBe(paused);
      await page.click('#run');
      await page.waitForFunction((paused) => document.getElementById('epoch')!.textContent !== paused, paused);

      await page.click('#stop');
      await until(page, 'status', /^Training was stopped: /);
      expect(await text(page, 'run')).toBe('Start');
    });
    expect(longest).toBeLessThan(50);
    // The measure finds one that is long.
    const busy = await longestTask(chromium.browser, page, async () => {
      await page.evaluate(() => {
        const began = performance.now();
        while (performance.now() - began < 600);
      });
    });
    expect(busy).toBeGreaterThan(50);
    await page.close();
  });

  it('says what is drawn with the mouse and by the keyboard', async () => {
    const page = await open();
    await draw(page, [[0.5, 0.2]]);
    await until(page, 'answer', /^Start training/);
    await start(page, 1);
    await until(page, 'status', /^Training is done: /);
    await page.click('#clear');
    const circle = Array.from({ length: 25 }, (_, i) => (i * Math.PI) / 12);
    await draw(
      page,
      circle.map((angle) => [0.5 + 0.25 * Math.sin(angle), 0.5 - 0.33 * Math.cos(angle)]),
    );
    await until(page, 'answer', /^Prediction: 0$/);

    await page.focus('#pad');
    await page.keyboard.press('Delete');
    await until(page, 'answer', /^Draw/);
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    expect(await text(page, 'pen-status')).toBe('Pen down');
    for (let i = 0; i < 18; i++) await page.keyboard.press('ArrowDown');
    await until(page, 'answer', /^Prediction: 1$/);

    await page.click('#sample');
    await until(page, 'answer', /^Prediction: \d \(label: \d\)$/);
    await page.close();
  });

  it('is used by the keyboard alone', async () => {
    const page = await open();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.id');
    const order: string[] = [];
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press('Tab');
      order.push(await focused());
    }
    expect(order).toEqual(['set', 'backend', 'epochs', 'batch-size', 'learning-rate', 'run']);
    await page.keyboard.press('Enter');
    await until(page, 'status', /^Training on WebAssembly/);
    await page.keyboard.press('Space');
    await until(page, 'status', /^Paused/);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('stop');
    await page.keyboard.press('Enter');
    await until(page, 'status', /^Training was stopped/);
    expect(await focused()).toBe('run');
    await page.close();
  });

  it('goes on where it was when the device is lost', async () => {
    const page = await open();
    await start(page, 2);
    await until(page, 'epoch', /^1\.[1-9]/);
    await page.click('summary');
    await page.click('#lose');
    await until(page, 'status', /^The device was lost.+ Training goes on from epoch 1\.\d on WebAssembly/);
    await until(page, 'status', /^Training is done: /);
    await page.close();
  });

  it('shows a backend that does not work here as such, with the reason, and trains on WebAssembly', async () => {
    const page = await open();
    expect(await page.locator('#backend option[value=webgpu]').isDisabled()).toBe(true);
    expect(await text(page, 'backend-note')).toMatch(/^WebGPU: WebGPU finds no adapter: /);
    expect(await page.inputValue('#backend')).toBe('wasm');
    await start(page, 1);
    await until(page, 'status', /^Training on WebAssembly/);
    await until(page, 'loss', /^[01]\./);
    await page.close();
  });

  it('uses threads where the page is isolated', async () => {
    const page = await open({ path: '/?threads' });
    const threads = await page.evaluate<number>('navigator.hardwareConcurrency');
    await start(page, 1);
    await until(page, 'status', new RegExp(threads === 1 ? 'one thread' : `${threads} threads`));
    await until(page, 'accuracy', /^[6-9]\d/);
    await page.close();
  });

  for (const width of [1280, 360]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`is accessible and fits ${width} pixels, ${colorScheme}`, async () => {
        const page = await open({ width, colorScheme });
        await start(page, 100);
        await page.click('#sample');
        await until(page, 'accuracy', /^[6-9]\d/);
        await page.click('#stop');
        await until(page, 'answer', /^Prediction/);
        await page.click('summary');
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(await violations(page)).toEqual([]);
        await page.close();
      });
    }
  }

  it.skipIf(!process.env['TESSERA_DATA'])('trains on clothes as well, which fit a phone', async () => {
    const page = await open({ width: 360 });
    await page.selectOption('#set', 'fashion-mnist');
    await until(page, 'matrix', /ankle boot/);
    await start(page, 100);
    await until(page, 'loss', /^0\./);
    await page.click('#sample');
    await until(page, 'answer', /^Prediction: .+ \(label: .+\)$/);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.click('#stop');
    await until(page, 'status', /^Training was stopped: /);
    await page.close();
  });
});
