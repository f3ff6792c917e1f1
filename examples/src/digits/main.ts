// Trains a convolutional network on handwritten digits, evaluates it, saves it, and predicts with it in a fresh process.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wasm } from '@tessera/backend-wasm';
import { summary } from '@tessera/layers';
import { saveModelFile } from '@tessera/layers/node';
import { crossEntropy } from '@tessera/losses';
import { accuracy, classificationReport, confusionMatrix } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { setDefaultBackend } from '@tessera/tensor';
import { compile } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { interruptSignal } from '../interrupt.ts';
import { network } from '../network.ts';
import { splitDigits } from './data.ts';

setDefaultBackend(await wasm());
const { train, validation, test } = splitDigits();
console.log(`${train.length} digits to train on, ${validation.length} to validate, ${test.length} to test\n`);

const model = network([28, 28, 1]);
console.log(`${summary(model)}\n`);

const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), metrics: [accuracy()], seed: 1 });
const began = performance.now();
const { ended } = await trainer.fit(train, {
  batchSize: 32,
  epochs: Number(process.env['EPOCHS'] ?? 10),
  validationData: validation,
  callbacks: [progress()],
  signal: interruptSignal(),
});
console.log(`\nTraining ${ended} after ${((performance.now() - began) / 1000).toFixed(1)} s`);

const { loss, accuracy: share } = await trainer.evaluate(test);
console.log(`Test loss ${loss!.toFixed(4)}, accuracy ${share!.toFixed(4)}\n`);
const { confusionMatrix: matrix } = await trainer.measure(test, [confusionMatrix(10)]);
const rows = matrix as number[][];
console.log(`${classificationReport(rows)}\n\nConfusion matrix (rows: the digit, columns: predicted)`);
console.log(rows.map((row) => row.map((count) => String(count || '·').padStart(4)).join('')).join('\n'));

const folder = fileURLToPath(new URL('../../../.tessera/', import.meta.url));
mkdirSync(folder, { recursive: true });
const path = `${folder}digits.safetensors`;
await saveModelFile(model, path);
const examples = { data: test.columns.x.data.subarray(0, 8 * 784), shape: [8, 28, 28, 1] };
const { data } = await trainer.predict(examples);
const predicted = Array.from({ length: 8 }, (_, i) => data.subarray(i * 10, i * 10 + 10)).map((p) => p.indexOf(Math.max(...p)));
console.log(`\nSaved to ${path}\nPredicted here: ${predicted.join(' ')}\n`);

const script = fileURLToPath(new URL('./predict.ts', import.meta.url));
const { status } = spawnSync(process.execPath, [...process.execArgv, script, path, predicted.join('')], { stdio: 'inherit' });
process.exitCode = status ?? 1;
