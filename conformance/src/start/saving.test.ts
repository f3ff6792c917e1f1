import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpu } from '@tessera/backend-cpu';
import { saveModelFile } from '@tessera/layers/node';
import { setDefaultBackend } from '@tessera/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { programs, told } from './programs.ts';

const script = fileURLToPath(new URL('./predict-saved.ts', import.meta.url));
const here: Record<string, string> = {};
let folder: string;

beforeAll(async () => {
  setDefaultBackend(cpu());
  folder = await mkdtemp(join(tmpdir(), 'tessera-'));
  for (const { name, make, data, inputs } of programs) {
    const trainer = make();
    await trainer.fit(data, { batchSize: 8 });
    await saveModelFile(trainer.model, join(folder, name));
    here[name] = told(await trainer.predict(inputs));
  }
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

it('a new process that loads the models predicts the same', async () => {
  const parameters = ['--conditions=@tessera/source', '--import', 'tsx', script, folder];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { maxBuffer: 2 ** 26 });
  expect(JSON.parse(stdout)).toEqual(here);
});
