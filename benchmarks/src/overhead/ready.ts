import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contestant, Work } from '../contest.ts';
import { modelBytes } from '../onnx/model.ts';

/** A fresh process that runs a program in a folder, and tells how long that took from its first import on. */
function fresh(folder: string, program: string): () => Promise<Contestant> {
  const cwd = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  // TensorFlow.js greets.
  const timed = `const began = performance.now(); ${program} console.log('\\n' + (performance.now() - began)); process.exit();`;
  return async () => ({
    build: '',
    async step() {
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', timed], { cwd });
      return { ms: Number(stdout.trim().split('\n').at(-1)) };
    },
  });
}

const packages = ['tensor', 'autograd', 'capture', 'layers', 'losses', 'optim', 'train', 'backend-wasm'];
const tessera = `
  const [tensor, ...others] = await Promise.all([${packages.map((name) => `import('@tessera/${name}')`).join()}]);
  tensor.setDefaultBackend(await others.at(-1).wasm());`;
const jax = `const jax = await import('@jax-js/jax'); await jax.init('wasm'); jax.defaultDevice('wasm');`;
const tfjs = `
  const { createRequire } = await import('node:module');
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs'); require('@tensorflow/tfjs-backend-wasm'); await tf.setBackend('wasm');`;
const identity = modelBytes({ x: [1], y: [1], weights: {}, nodes: [{ op: 'Identity', inputs: ['x'], output: 'y' }] });
const onnx = `
  const { createRequire } = await import('node:module');
  const ort = createRequire(import.meta.url)('onnxruntime-web'); ort.env.wasm.numThreads = 1;
  await ort.InferenceSession.create(Uint8Array.from([${identity}]), { executionProviders: ['wasm'] });`;

/** From the first import until tensors can be computed with, in a fresh process: what training takes, built as it is published. */
export const ready: Work = {
  name: 'import and backend ready',
  contestants: [
    ['tessera wasm', fresh('.', tessera)],
    ['jax-js wasm', fresh('peers', jax)],
    ['tfjs wasm', fresh('peers', tfjs)],
    ['onnxruntime-web wasm', fresh('peers', onnx)],
  ],
  tolerance: 0,
};
