import { type Options, Presets, SingleBar } from 'cli-progress';
import type { Callback, Logs } from './callback.ts';

const show = (logs: Logs): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join('  ');

/** A live bar with the logs and examples per second of each epoch; a line per epoch where there is no terminal. */
export function progress({ stream = process.stdout }: { stream?: NodeJS.WriteStream } = {}): Callback {
  let bar: SingleBar | undefined;
  const options: Options = {
    format: 'Epoch {epoch} [{bar}] {value}/{total}  {logs}  {speed}/s',
    stream,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  };
  return {
    onEpochBegin({ epoch, epochs, batches, batch }) {
      if (!stream.isTTY) return;
      bar = new SingleBar(options, Presets.shades_classic);
      bar.start(batches ?? 0, batch, { epoch: `${epoch + 1}/${epochs}`, logs: '', speed: '–' });
    },
    onWarmUp(done, all) {
      bar?.update({ logs: `compiling ${done}/${all}` });
    },
    onStepEnd({ batch, examplesPerSecond }, logs) {
      bar?.update(batch, { logs: show(logs), speed: Math.round(examplesPerSecond) });
    },
    onEpochEnd({ epoch, epochs, examplesPerSecond }, logs) {
      bar?.stop();
      stream.write(`Epoch ${epoch + 1}/${epochs}  ${show(logs)}  ${Math.round(examplesPerSecond)} examples/s\n`);
    },
    onTrainEnd() {
      bar?.stop();
    },
  };
}
