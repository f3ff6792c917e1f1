// Does the works, away from the page: it ends when the page wants no more of them.
import { webgpu } from '@tessera/backend-webgpu';
import { startBackend } from '../backend.ts';
import { agree, contest, type Work } from '../contest.ts';
import { watchTraffic } from '../webgpu/traffic.ts';
import { asAllAsk, webgpuWorks } from '../webgpu/works.ts';
import type { FromWorker, ToWorker } from './messages.ts';

const ROUNDS = 10;

const tell = (message: FromWorker): void => postMessage(message);

/** The works that can be done here. @throws Error that says what is missing. */
async function findWorks(): Promise<readonly Work[]> {
  if (!('gpu' in navigator)) {
    throw new Error(
      isSecureContext
        ? 'This browser has no WebGPU. Use a recent Chrome or Edge, Safari 26 or later, or Firefox 141 or later.'
        : 'WebGPU needs a page from https or from localhost.',
    );
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new Error(
      'WebGPU finds no graphics card here: its driver is missing, too old, or blocked by the browser (chrome://gpu tells why).',
    );
  }
  const backend = await webgpu(asAllAsk);
  const { software } = backend.adapter;
  backend.dispose();
  // Threads are there where the page is cross-origin isolated.
  const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const works = webgpuWorks({ traffic: watchTraffic(globalThis), software, startWasm: () => startBackend(threads) });
  const { vendor, architecture, device, description } = adapter.info;
  const features = [...adapter.features].sort();
  tell({ type: 'ready', adapter: { vendor, architecture, device, description, features, software }, works: works.map(({ name }) => name) });
  return works;
}

async function doWork(work: Work): Promise<void> {
  const failed = (implementation: string, reason: string): void => tell({ type: 'failed', work: work.name, implementation, reason });
  const rows = await contest(work, ROUNDS, {
    onFailure: failed,
    onTurn: (implementation) => tell({ type: 'turn', work: work.name, implementation }),
  });
  if (!agree(work, rows)) failed('all', `They must agree: got ${rows.map(({ check }) => check).join(', ')}`);
  tell({ type: 'measured', rows });
}

const found = findWorks();
found.catch((error: Error) => tell({ type: 'unavailable', reason: error.message }));
// At once: what the page tells before the adapter is found would be lost.
onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  for (const work of await found) if (data.works.includes(work.name)) await doWork(work);
  tell({ type: 'done' });
};
