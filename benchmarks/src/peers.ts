import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../peers/package.json', import.meta.url));

// oxlint-disable-next-line typescript/no-explicit-any
export type Any = any;

/** TensorFlow.js on one of its backends. On WebAssembly it has SIMD and, in Node, one thread. */
export async function loadTfjs(backend: 'wasm' | 'cpu' | 'webgpu'): Promise<Any> {
  const tf = require('@tensorflow/tfjs');
  if (backend !== 'cpu') require(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`its ${backend} backend did not start`);
  return tf;
}

/** jax-js on one of its backends. On WebAssembly it has one thread in Node, which has no `Worker` of browsers. */
export async function loadJax(backend: 'wasm' | 'webgpu' = 'wasm'): Promise<Any> {
  // Installed beside, in peers: not a dependency of the benchmarks.
  const name = '@jax-js/jax';
  const path = require.resolve(name).replace(/\.cjs$/, '.js');
  const jax = await import(pathToFileURL(path).href);
  await jax.init(backend);
  jax.defaultDevice(backend);
  return jax;
}

/** ONNX Runtime on WebAssembly, one thread. */
export async function loadOnnx(): Promise<Any> {
  const ort = require('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort;
}
