// A process of its own: loads the models of all programs from a folder, and prints what they predict.
import { join } from 'node:path';
import { cpu } from '@tessera/backend-cpu';
import * as layers from '@tessera/layers';
import { loadModelFile } from '@tessera/layers/node';
import * as ops from '@tessera/tensor';
import { predict } from '@tessera/train';
import { programs, told } from './programs.ts';

ops.setDefaultBackend(cpu());
const predictions: Record<string, string> = {};
for (const { name, classes, inputs } of programs) {
  const model = await loadModelFile(join(process.argv[2]!, name), { layers: [layers, classes], ops });
  predictions[name] = told(await predict(model, inputs));
}
process.stdout.write(JSON.stringify(predictions));
