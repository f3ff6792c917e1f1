// Trains in a worker, so that the page stays responsive.
import type { BackendFactory } from '@tessera/core';
import { crossEntropy } from '@tessera/losses';
import { accuracy } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { setDefaultBackend } from '@tessera/tensor';
import { backupAndRestore, compile } from '@tessera/train';
import { network } from '../../network.ts';
import type { AfterLoss, BackendName, FromWorker, Picture, SetName, Settings, ToWorker } from '../messages.ts';
import { Classifier } from './classifier.ts';
import { availableBackends, type Device, makeDevice } from './devices.ts';
import { Gate } from './gate.ts';
import { loadClasses, loadPictures, type PictureSet } from './picture-sets.ts';
import { reasonOf } from './reason.ts';
import { report } from './report.ts';

const post = (message: FromWorker): void => postMessage(message);

const gate = new Gate();
const classifier = new Classifier(post);
let stopping = new AbortController();
let device: Device | undefined;
let afterLoss: AfterLoss = 'same';
let sampled = 0;

const loaded = new Map<SetName, PictureSet>();
async function pictures(set: SetName): Promise<PictureSet> {
  const known = loaded.get(set);
  if (known) return known;
  const fresh = await loadPictures(set, (share) => post({ type: 'loading', set, share }));
  // One set at a time: the clothes take 47 MB.
  loaded.clear();
  loaded.set(set, fresh);
  return fresh;
}

/** Trains a new model, and keeps it to classify with until the next one. */
async function start({ set, backend: chosen, epochs, batchSize, learningRate }: Settings): Promise<void> {
  stopping = new AbortController();
  const { signal } = stopping;
  const { train, heldOut } = await pictures(set);
  if (signal.aborted) return post({ type: 'ended', how: 'aborted' });
  classifier.use(undefined);
  device?.backend.dispose();
  device = await makeDevice(chosen);
  setDefaultBackend(device.backend);
  const trainer = compile(network([28, 28, 1]), {
    loss: crossEntropy(),
    optimizer: adam({ learningRate }),
    metrics: [accuracy()],
    seed: 1,
  });
  classifier.use(trainer);
  post({ type: 'begun', device: device.description, examples: [train.length, heldOut.length] });
  const go =
    (name: () => BackendName): BackendFactory =>
    async () =>
      (device = await makeDevice(name())).backend;
  const { ended } = await trainer.fit(train, {
    epochs,
    batchSize,
    signal,
    callbacks: [
      backupAndRestore({
        backends: [go(() => (afterLoss === 'same' ? chosen : 'wasm')), go(() => 'wasm')],
        onRestore: ({ error, epoch }) => post({ type: 'lost', reason: reasonOf(error), device: device!.description, epoch }),
      }),
      report({ heldOut, batchSize, now: () => performance.now() - gate.held, post, signal }),
      { onStepEnd: () => classifier.again(), onEpochEnd: () => classifier.again() },
      gate,
    ],
  });
  post({ type: 'ended', how: ended });
}

async function choose(set: SetName): Promise<void> {
  classifier.use(undefined);
  post({ type: 'chosen', classes: await loadClasses(set) });
}

/** Shows one held-out picture after another. */
async function sample(set: SetName): Promise<void> {
  const { heldOut } = await pictures(set);
  const { columns } = await heldOut.gather([(sampled++ * 37) % heldOut.length]);
  const picture: Picture = columns.x.data;
  post({ type: 'sampled', picture, label: columns.y.data[0]! });
}

const failed = (error: unknown): void => post({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') {
    gate.open();
    start(data.settings).catch(failed);
  } else if (data.type === 'choose') choose(data.set).catch(failed);
  else if (data.type === 'pause') gate.close();
  else if (data.type === 'resume') gate.open();
  else if (data.type === 'stop') {
    stopping.abort();
    gate.open();
  } else if (data.type === 'loseDevice') device?.lose();
  else if (data.type === 'afterLoss') afterLoss = data.choice;
  else if (data.type === 'classify') classifier.show(data.picture);
  else if (data.type === 'sample') sample(data.set).catch(failed);
};

post({ type: 'backends', backends: await availableBackends() });
