// The page: which works are done, how far they are, and what came of them. The worker does them.
import { element } from '@tessera/examples/browser/page/element.ts';
import type { Row } from '../row.ts';
import type { Adapter, FromWorker, ToWorker } from './messages.ts';
import { adapterName, textOf } from './report.ts';
import { addRows } from './results-table.ts';

const [run, stop, copy] = ['run', 'stop', 'copy'].map((id) => element(id, HTMLButtonElement)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
const works = element('works', HTMLFieldSetElement);
const progress = element('progress', HTMLProgressElement);
const failures = element('failures', HTMLUListElement);
const table = element('results', HTMLTableElement);
const text = element('text', HTMLTextAreaElement);
const put = (id: string, words: string): void => void (element(id, HTMLElement).textContent = words);
const shortened = (work: string): string => work.replace('webgpu ', '');

let adapter: Adapter | undefined;
let rows: Row[] = [];
let failed: string[] = [];
let worker = hire();

function hire(): Worker {
  const hired = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  hired.onmessage = ({ data }: MessageEvent<FromWorker>) => (on[data.type] as (message: FromWorker) => void)(data);
  hired.onerror = ({ message }) => {
    enter('idle');
    put('status', `That failed: ${message}`);
  };
  return hired;
}

function enter(state: 'idle' | 'running'): void {
  const running = state === 'running';
  const [left, next] = running ? [run, stop] : [stop, run];
  next.disabled = !adapter;
  // A button that is disabled loses the keyboard's focus.
  if (document.activeElement === left) next.focus();
  left.disabled = true;
  works.disabled = running;
  if (!running) put('turn', '');
}

const boxes = (): HTMLInputElement[] => [...works.querySelectorAll('input')];
let chosen: string[] = [];

element('settings', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  chosen = boxes()
    .filter(({ checked }) => checked)
    .map(({ value }) => value);
  if (chosen.length === 0) return put('status', 'Choose a work.');
  [rows, failed] = [[], []];
  table.replaceChildren(table.tHead!);
  failures.replaceChildren();
  failures.hidden = true;
  element('sharing', HTMLElement).hidden = true;
  progress.value = 0;
  enter('running');
  put('status', 'Getting ready …');
  worker.postMessage({ works: chosen } satisfies ToWorker);
});

stop.addEventListener('click', () => {
  // It ends in the midst of a step.
  worker.terminate();
  worker = hire();
  enter('idle');
  put('status', rows.length ? 'Stopped. What was done until then is below.' : 'Stopped.');
});

copy.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(text.value);
    put('copied', 'Copied.');
  } catch {
    text.focus();
    text.select();
    put('copied', 'The browser does not let the page copy: the text is selected, copy it yourself.');
  }
});

/** Keeps what is to be copied up to date. */
function tell(): void {
  text.value = textOf({ adapter: adapter!, browser: navigator.userAgent, date: new Date().toISOString(), failures: failed, rows });
  put('copied', '');
}

const on: { [K in FromWorker['type']]: (message: Extract<FromWorker, { type: K }>) => void } = {
  ready({ adapter: found, works: names }) {
    // Another worker, after a stop, finds the same.
    if (adapter) return;
    adapter = found;
    put('adapter', `Adapter: ${adapterName(found)}`);
    element('software', HTMLElement).hidden = !found.software;
    for (const name of names) {
      const box = Object.assign(document.createElement('input'), { type: 'checkbox', value: name, checked: true });
      const label = document.createElement('label');
      label.append(box, shortened(name));
      works.append(label);
    }
    enter('idle');
    put('status', 'Ready.');
  },
  unavailable({ reason }) {
    put('status', reason);
  },
  turn({ work, implementation }) {
    const doing = `${shortened(work)}, ${chosen.indexOf(work) + 1} of ${chosen.length} …`;
    // Told again only when it changes, or a screen reader would never be quiet.
    if (element('status', HTMLElement).textContent !== doing) put('status', doing);
    put('turn', implementation);
  },
  failed({ work, implementation, reason }) {
    failed.push(`${shortened(work)}, ${implementation}: ${reason}`);
    const item = document.createElement('li');
    item.textContent = failed.at(-1)!;
    failures.append(item);
    failures.hidden = false;
  },
  measured({ rows: measured }) {
    rows.push(...measured);
    progress.value += 1 / chosen.length;
    element('empty', HTMLElement).hidden = true;
    table.parentElement!.hidden = false;
    element('sharing', HTMLElement).hidden = false;
    addRows(table, measured, shortened);
    tell();
  },
  done() {
    enter('idle');
    put('status', failed.length ? 'Done, but for what failed.' : 'Done: all that was computed agrees.');
  },
};
