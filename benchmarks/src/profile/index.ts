import type { WasmBackend } from '@tessera/backend-wasm';
import { startBackend } from '../backend.ts';
import { tesseraStep } from '../block/tessera.ts';
import { makeBlock } from '../block/work.ts';
import { tessera as cnn } from '../cnn/tessera.ts';
import { makeCnn } from '../cnn/work.ts';
import { contest, type Contestant } from '../contest.ts';
import { copyWork, machine } from '../kernels/index.ts';
import { tesseraStep as epochStep } from '../epoch/tessera.ts';
import { tessera as lstm } from '../lstm/tessera.ts';
import { makeLstm } from '../lstm/work.ts';
import { bytesOf, describeCall, flopsOf } from './operations.ts';
import { Recorder, type TimedCall } from './record.ts';

/** The steps that can be profiled. */
export const profiled: Readonly<Record<string, (backend: WasmBackend) => Contestant | Promise<Contestant>>> = {
  cnn: (backend) => cnn(makeCnn(), backend),
  epoch: epochStep,
  lstm: (backend) => lstm(makeLstm(), backend),
  block: (backend) => tesseraStep(makeBlock(), backend),
};

/** Where the time of a captured step goes: all calls of an op together, or one call. */
export interface Share {
  readonly work: string;
  readonly op: string;
  readonly calls: number;
  readonly ms: number;
  /** Of what all kernels take. */
  readonly share: number;
  readonly gflops: number;
  readonly ofPeak: number;
  readonly gigabytesPerSecond: number;
  readonly ofCopy: number;
}

const WARM_UP = 5;
const STEPS = 30;
const LONGEST = 12;

/** Profiles a step on one thread and prints what it found. */
export async function profile(name: string): Promise<Share[]> {
  const [[registers], [moving]] = [await contest(machine, 10), await contest(copyWork, 10)];
  const [peak, copy] = [registers!.gflops!, moving!.gigabytesPerSecond!];
  const whole = await profiled[name]!(await startBackend());
  const recorder = new Recorder(await startBackend());
  const contestant = await profiled[name]!(recorder.backend);
  const wholes: number[] = [];
  for (let i = 0; i < WARM_UP + STEPS; i++) {
    const began = performance.now();
    await whole.step();
    wholes.push(performance.now() - began);
    // The first step is traced: it calls other kernels.
    recorder.begin(i < WARM_UP);
    await contestant.step();
  }
  const { calls } = recorder;
  const all = calls.reduce((sum, { ms }) => sum + ms, 0);
  const shareOf = (op: string, given: readonly TimedCall[]): Share => {
    const total = (f: (call: TimedCall) => number): number => given.reduce((sum, call) => sum + f(call), 0);
    const ms = total((call) => call.ms);
    const [gflops, gigabytesPerSecond] = [total(flopsOf) / ms / 1e6, total(bytesOf) / ms / 1e6];
    const relative = { gflops, ofPeak: gflops / peak, gigabytesPerSecond, ofCopy: gigabytesPerSecond / copy };
    return { work: `${name} step`, op, calls: given.length, ms, share: ms / all, ...relative };
  };
  const ops = [...new Set(calls.map(({ op }) => op))];
  const byOp = ops
    .map((op) =>
      shareOf(
        op,
        calls.filter((call) => call.op === op),
      ),
    )
    .sort((a, b) => b.ms - a.ms);
  const longest = calls.toSorted((a, b) => b.ms - a.ms).slice(0, LONGEST);

  const step = Math.min(...wholes);
  console.log(`\n${name} step: ${step.toFixed(3)} ms, of which all ${calls.length} kernels ${all.toFixed(3)} ms when timed one by one`);
  console.log(`  registers alone do ${peak.toFixed(1)} GFLOP/s, memory.copy moves ${copy.toFixed(1)} GB/s\n`);
  print(byOp);
  console.log('\n  the longest calls\n');
  print(longest.map((call) => shareOf(describeCall(call), [call])));
  for (const each of [whole, contestant]) each.dispose?.();
  return byOp;
}

function print(shares: readonly Share[]): void {
  const percent = (part: number): string => `${(part * 100).toFixed(1).padStart(5)} %`;
  for (const { op, calls, ms, share, gflops, ofPeak, gigabytesPerSecond, ofCopy } of shares) {
    const counted = gflops > 0 ? `${gflops.toFixed(1).padStart(6)} GFLOP/s = ${percent(ofPeak)} of peak` : ' '.repeat(33);
    const moved = `${gigabytesPerSecond.toFixed(1).padStart(6)} GB/s = ${percent(ofCopy)} of copy`;
    console.log(`  ${ms.toFixed(3).padStart(8)} ms ${percent(share)} ${String(calls).padStart(4)} × ${counted}  ${moved}  ${op}`);
  }
}
