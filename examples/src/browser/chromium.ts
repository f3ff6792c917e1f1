// The page in Chromium, as its tests use it.
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { pageServer } from './server.ts';

export type { Page };

export interface OpenOptions {
  readonly path?: string;
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface Chromium {
  readonly browser: Browser;
  /** Where the page is. */
  readonly address: string;
  /** What pages threw and nobody caught. */
  readonly errors: readonly string[];
  /** The page, ready to train. */
  open(options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Serves the page, or another one that has a button `run`, and starts a browser. */
export async function startChromium(
  executablePath: string,
  args: readonly string[] = [],
  serving: typeof pageServer = pageServer,
): Promise<Chromium> {
  const server = await serving();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const errors: string[] = [];
  return {
    browser,
    address,
    errors,
    async open({ path = '/', width = 1280, colorScheme = 'light' } = {}) {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(`${address}${path}`);
      await page.waitForSelector('#run:enabled');
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

export async function text(page: Page, id: string): Promise<string> {
  return (await page.textContent(`#${id}`))!;
}

/** Waits for an element's text. */
export async function until(page: Page, id: string, pattern: RegExp): Promise<void> {
  await page.waitForFunction(([id, source]) => new RegExp(source!).test(document.getElementById(id!)!.textContent), [id, pattern.source]);
}

export async function start(page: Page, epochs: number): Promise<void> {
  await page.fill('#epochs', String(epochs));
  await page.click('#run');
}

/** What of the page is not accessible: the rules, and what breaks them. */
export async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>('axe.run()');
  return found.violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]) }));
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds by the clock, and of them those that the thread had a processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * The processor time in milliseconds of the longest task on a page's main thread while `f` runs. By the clock tasks are also as long as
 * other processes keep the thread from its processor.
 */
export async function longestTask(browser: Browser, page: Page, f: () => Promise<void>): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel'] });
  await f();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mains = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(thread));
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && mains.has(thread(event)));
  return Math.max(...tasks.map(({ dur = 0, tdur = 0 }) => Math.min(dur, tdur))) / 1000;
}
