/** WebGPU in Node, by Dawn, where everybody looks for it; its classes. */
export async function provideDawn(): Promise<object> {
  const name = 'webgpu';
  const { create, globals } = await import(name);
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // jax-js asks it for the browser's name.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node.js', platform: process.platform }, configurable: true });
  return globals;
}
