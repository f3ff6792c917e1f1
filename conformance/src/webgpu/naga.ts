// The whole op table through naga, the other front end of WebGPU (Deno, Firefox): npm run test:webgpu bundles this and runs it in Deno.
// What multiplies matrices is checked once more in tiles, as on a GPU.
import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
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
(globalThis as unknown as { Deno: { exit(code: number): never } }).Deno.exit(failed ? 1 : 0);
