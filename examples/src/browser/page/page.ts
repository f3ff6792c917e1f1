// The page: settings, curves, the confusion matrix and the drawing pad. The worker trains.
import type { AfterLoss, BackendName, FromWorker, SetName, ToWorker } from '../messages.ts';
import { fillConfusionTable } from './confusion-table.ts';
import { Curves } from './curves.ts';
import { element } from './element.ts';
import { centred, shrunk } from './network-picture.ts';
import { imageOf, Pad } from './pad.ts';
import { fillProbabilities } from './probability-list.ts';

const worker = new Worker('/worker.js', { type: 'module' });
const tell = (message: ToWorker): void => worker.postMessage(message);

const form = element('settings', HTMLFormElement);
const [run, stop, lose] = ['run', 'stop', 'lose'].map((id) => element(id, HTMLButtonElement)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
const [set, backend, batchSize, learningRate] = ['set', 'backend', 'batch-size', 'learning-rate'].map((id) =>
  element(id, HTMLSelectElement),
) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
const epochs = element('epochs', HTMLInputElement);
const threads = element('threads', HTMLElement);
const progress = element('progress', HTMLProgressElement);
const matrix = element('matrix', HTMLTableElement);
const probabilities = element('probabilities', HTMLOListElement);
const put = (id: string, text: string): void => void (element(id, HTMLElement).textContent = text);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const curves = [
  new Curves(element('loss-chart', HTMLElement), { quantity: 'loss', format: (value) => value.toFixed(2) }),
  new Curves(element('accuracy-chart', HTMLElement), {
    quantity: 'accuracy',
    range: [0, 1],
    format: (value) => `${Math.round(value * 100)} %`,
  }),
];
let classes: readonly string[] = [];
const nothing = (): number[] => classes.map(() => 0);

/** Empties everything, for a number of epochs. */
function reset(): void {
  for (const curve of curves) curve.clear(epochs.valueAsNumber || 1);
  progress.value = 0;
  for (const id of ['epoch', 'accuracy', 'loss', 'speed']) put(id, '–');
  fillConfusionTable(matrix, classes.map(nothing), classes);
  look();
}

// ── Training
type State = 'idle' | 'loading' | 'training' | 'paused';
let state: State = 'idle';

function enter(next: State): void {
  state = next;
  const idle = state === 'idle';
  run.textContent = idle ? 'Start' : state === 'paused' ? 'Resume' : 'Pause';
  // A button that is disabled loses the keyboard's focus.
  run.ariaDisabled = String(state === 'loading');
  if (idle && document.activeElement === stop) run.focus();
  stop.disabled = idle;
  lose.disabled = state !== 'training';
  for (const control of [set, backend, epochs, batchSize, learningRate]) control.disabled = !idle;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (state === 'loading') return;
  if (state === 'training') {
    tell({ type: 'pause' });
    enter('paused');
    put('status', 'Paused.');
  } else if (state === 'paused') {
    tell({ type: 'resume' });
    enter('training');
    put('status', 'Training goes on.');
  } else {
    const settings = {
      set: set.value as SetName,
      backend: backend.value as BackendName,
      epochs: epochs.valueAsNumber,
      batchSize: Number(batchSize.value),
      learningRate: Number(learningRate.value),
    };
    enter('loading');
    put('status', 'Loading the pictures …');
    reset();
    tell({ type: 'start', settings });
  }
});
const choose = (): void => tell({ type: 'choose', set: set.value as SetName });
set.addEventListener('change', choose);
choose();
stop.addEventListener('click', () => {
  tell({ type: 'stop' });
  put('status', 'Stopping …');
});
lose.addEventListener('click', () => tell({ type: 'loseDevice' }));
const afterLoss = element('after-loss', HTMLSelectElement);
afterLoss.addEventListener('change', () => tell({ type: 'afterLoss', choice: afterLoss.value as AfterLoss }));

// ── Drawing
const pad = new Pad(element('pad', HTMLCanvasElement), {
  pen: element('pen', HTMLSpanElement),
  onChange: look,
  onPen: (told) => put('pen-status', told),
});
const seen = element('seen', HTMLCanvasElement).getContext('2d')!;

/** Shows the drawing to the network. */
function look(): void {
  seen.clearRect(0, 0, 28, 28);
  if (pad.empty) {
    tell({ type: 'classify', picture: undefined });
    put('answer', 'Draw with a mouse, a finger or the keyboard.');
    fillProbabilities(probabilities, nothing(), classes);
    return;
  }
  const picture = pad.shown ?? (set.value === 'digits' ? centred(pad.ink()) : shrunk(pad.ink()));
  seen.drawImage(imageOf(picture), 0, 0);
  tell({ type: 'classify', picture });
}
element('clear', HTMLButtonElement).addEventListener('click', () => pad.clear());
element('sample', HTMLButtonElement).addEventListener('click', () => tell({ type: 'sample', set: set.value as SetName }));
let label: number | undefined;

// ── What the worker tells
const names: Readonly<Record<BackendName, string>> = { wasm: 'WebAssembly', webgpu: 'WebGPU' };
const endings = { done: 'Training is done', stopped: 'Training was stopped', aborted: 'Training was stopped' };

const on: { [K in FromWorker['type']]: (message: Extract<FromWorker, { type: K }>) => void } = {
  backends({ backends }) {
    const notes: string[] = [];
    for (const { name, software, reason } of backends) {
      const option = [...backend.options].find(({ value }) => value === name)!;
      option.disabled = reason !== undefined;
      if (reason !== undefined) {
        option.textContent = `${names[name]} (not available)`;
        notes.push(`${names[name]}: ${reason}`);
      } else if (software) {
        option.textContent = `${names[name]}, software`;
        notes.push(`${names[name]} works on the processor here, as there is no graphics card for it: slower than WebAssembly.`);
      }
    }
    const note = element('backend-note', HTMLElement);
    note.textContent = notes.join(' ');
    note.hidden = notes.length === 0;
    const usable = backends.find(({ reason }) => reason === undefined);
    if (usable) backend.value = usable.name;
    run.disabled = !usable;
    put('status', usable ? 'Ready.' : 'No backend works in this browser.');
    threads.hidden = !usable || crossOriginIsolated;
  },
  chosen({ classes: names }) {
    classes = names;
    pad.clear();
    reset();
    put('status', run.disabled ? 'Looking for backends …' : 'Ready.');
  },
  loading({ share }) {
    if (state === 'loading') progress.value = share;
  },
  begun({ device, examples: [train, heldOut] }) {
    progress.value = 0;
    enter('training');
    put('status', `Training on ${device}: ${train.toLocaleString('en')} pictures, ${heldOut.toLocaleString('en')} held out.`);
  },
  learned({ point, examplesPerSecond }) {
    for (const curve of curves) curve.learned(point);
    progress.value = point.epoch / epochs.valueAsNumber;
    put('epoch', `${point.epoch.toFixed(1)} of ${epochs.value}`);
    put('speed', Math.round(examplesPerSecond).toLocaleString('en'));
  },
  measured({ point, matrix: counts }) {
    for (const curve of curves) curve.measured(point);
    put('accuracy', percent(point.accuracy));
    put('loss', point.loss.toFixed(3));
    fillConfusionTable(matrix, counts, classes);
  },
  lost({ reason, device, epoch }) {
    for (const curve of curves) curve.backTo(epoch);
    put('status', `${reason[0]!.toUpperCase()}${reason.slice(1)} Training goes on from epoch ${epoch.toFixed(1)} on ${device}.`);
  },
  ended({ how }) {
    enter('idle');
    const { textContent: accuracy } = element('accuracy', HTMLElement);
    put('status', accuracy === '–' ? `${endings[how]}.` : `${endings[how]}: ${accuracy} of the held-out pictures are right.`);
  },
  failed({ reason }) {
    enter('idle');
    put('status', `That failed: ${reason}`);
  },
  classified({ probabilities: shares }) {
    if (pad.empty) return;
    const told = label !== undefined && pad.shown ? ` (label: ${classes[label]})` : '';
    fillProbabilities(probabilities, shares ?? nothing(), classes);
    if (!shares) return put('answer', `Start training to get a prediction${told}`);
    const text = `Prediction: ${classes[shares.indexOf(Math.max(...shares))]}${told}`;
    // Told again only when it changes, or a screen reader would never be quiet.
    if (element('answer', HTMLElement).textContent !== text) put('answer', text);
  },
  sampled({ picture, label: name }) {
    label = name;
    pad.show(picture);
  },
};
worker.onmessage = ({ data }: MessageEvent<FromWorker>) => (on[data.type] as (message: FromWorker) => void)(data);
worker.onerror = ({ message }) => on.failed({ type: 'failed', reason: message });
