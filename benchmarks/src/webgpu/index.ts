import { webgpu } from '@tessera/backend-webgpu';
import { startBackend } from '../backend.ts';
import type { Work } from '../contest.ts';
import { provideDawn } from './dawn.ts';
import { watchMoved } from './moved.ts';
import { watchTraffic } from './traffic.ts';
import { asAllAsk, movedWorks, webgpuWorks } from './works.ts';

/** What all do on WebGPU, and how long it takes. */
export async function timedOnDawn(): Promise<readonly Work[]> {
  const traffic = watchTraffic(await provideDawn());
  const backend = await webgpu(asAllAsk);
  const { software } = backend.adapter;
  backend.dispose();
  return webgpuWorks({ traffic, software, startWasm: startBackend });
}

/** What that moves: apart, as the count slows everything down. */
export async function weighedOnDawn(): Promise<readonly Work[]> {
  return movedWorks(watchMoved(await provideDawn()));
}
