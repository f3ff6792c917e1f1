// The whole op table through naga, the other front end of WebGPU (Deno, Firefox): npm run test:webgpu bundles this and runs it in Deno.
// What multiplies matrices is checked once more in tiles, as on a GPU.
import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import { fromFloat16, toFloat16 } from '@tessera/core';
import { arange, setDefaultBackend } from '@tessera/tensor';
import { checkOp, opDescriptions } from '@tessera/testkit';

const reference = cpu();
const tiled = opDescriptions.filter(({ name }) => /matmul|convolution(?!Epilogue)/.test(name));
let failed = false;
for (const [tiles, descriptions] of [
  ['registers', opDescriptions],
  ['workgroup', tiled],
] as const) {
  const backend = await webgpu({ tiles });
  // All at once: each read waits for the next of Deno's polls, which is the same for all.
  const results = await Promise.allSettled(descriptions.map((op) => checkOp(op, backend, reference)));
  const failures = results.flatMap((result, i) =>
    result.status === 'rejected' ? [`${descriptions[i]!.name}: ${(result.reason as Error).message}`] : [],
  );
  const { pipelines, dispatches } = backend.counters;
  console.log(
    `naga, tiles in ${tiles}: ${results.length - failures.length} of ${results.length} ops, ${pipelines} shaders, ${dispatches} dispatches`,
  );
  for (const failure of failures) console.error(failure);
  failed ||= failures.length > 0;
}
// Halves, which are elements of bindings where the adapter has f16.
setDefaultBackend(await webgpu());
const x = arange(400)
  .mul(2 ** -9)
  .reshape([20, 20])
  .astype('float16');
const results = await Promise.all([x.mul(0.5).add(x).sum().item(), x.matmul(x).at(19, 19).item(), x.at(19, 19).mul(2).item()]);
const expected = [(1.5 * 200 * 399) / 2 ** 9, 1_641_410 / 2 ** 18, 798 / 2 ** 9].map((value) => fromFloat16(toFloat16(value)));
const halves = results.join() === expected.join();
console.log(`naga, halves: ${halves ? 'right' : `wrong, ${results.join()} for ${expected.join()}`}`);
failed ||= !halves;
(globalThis as unknown as { Deno: { exit(code: number): never } }).Deno.exit(failed ? 1 : 0);
