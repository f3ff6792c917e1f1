import peers from '../../peers/package.json' with { type: 'json' };
import type { Row } from '../row.ts';
import { tableOf } from '../table.ts';
import type { Adapter } from './messages.ts';

/** What was measured, and where. */
export interface Report {
  readonly adapter: Adapter;
  readonly browser: string;
  readonly date: string;
  readonly failures: readonly string[];
  readonly rows: readonly Row[];
}

/** Who made the adapter, and what it is, as far as the browser says. */
export function adapterName({ vendor, architecture, device, description, software }: Adapter): string {
  const named =
    [...new Set([vendor, architecture, device, description])].filter((part) => part !== '').join(' ') || 'not named by the browser';
  return software ? `${named} (software)` : named;
}

/** A report to paste anywhere: a table in Markdown, and all of it as JSON. */
export function textOf(report: Report): string {
  const { adapter, browser, date, failures, rows } = report;
  const versions = Object.entries(peers.dependencies).filter(([name]) => /webgpu|jax/.test(name));
  return [
    `Adapter: ${adapterName(adapter)}  `,
    `Browser: ${browser}  `,
    `Date: ${date}  `,
    `Against: ${versions.map((parts) => parts.join(' ')).join(', ')}`,
    '',
    tableOf(rows),
    '',
    ...failures.map((failure) => `- ${failure}`),
    ...(failures.length ? [''] : []),
    '<details><summary>JSON</summary>',
    '',
    '```json',
    JSON.stringify({ ...report, peers: Object.fromEntries(versions) }),
    '```',
    '',
    '</details>',
    '',
  ].join('\n');
}
