import type { Any } from '../peers.ts';

export type { Any };

/** TensorFlow.js on WebGPU, from a page. */
export async function loadTfjs(backend: 'webgpu'): Promise<Any> {
  const [tf] = await Promise.all([import('@tensorflow/tfjs'), import('@tensorflow/tfjs-backend-webgpu')]);
  if (!(await tf.setBackend(backend))) throw new Error(`its ${backend} backend did not start`);
  return tf;
}

/** jax-js on WebGPU, from a page. */
export async function loadJax(backend: 'webgpu'): Promise<Any> {
  const jax = await import('@jax-js/jax');
  await jax.init(backend);
  jax.defaultDevice(backend);
  return jax;
}
