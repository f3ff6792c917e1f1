// The whole op table through naga, the other front end of WebGPU (Deno, Firefox): npm run test:webgpu bundles this and runs it in Deno.
import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import { checkOp, opDescriptions } from '@tessera/testkit';

const backend = await webgpu();
const reference = cpu();
// All at once: each read waits for the next of Deno's polls, which is the same for all.
const results = await Promise.allSettled(opDescriptions.map((op) => checkOp(op, backend, reference)));
const failures = results.flatMap((result, i) =>
  result.status === 'rejected' ? [`${opDescriptions[i]!.name}: ${(result.reason as Error).message}`] : [],
);
const { pipelines, dispatches } = backend.counters;
console.log(`naga: ${results.length - failures.length} of ${results.length} ops, ${pipelines} shaders, ${dispatches} dispatches`);
for (const failure of failures) console.error(failure);
(globalThis as unknown as { Deno: { exit(code: number): never } }).Deno.exit(failures.length ? 1 : 0);
