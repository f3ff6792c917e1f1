import { expect, test } from 'vitest';
import { provideDawn } from './dawn.ts';
import { watchMoved } from './moved.ts';
import { watchTraffic } from './traffic.ts';

const code = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < 100u) { y[id.x] = vec2(x[id.x / 2u]); }
}`;

test.skipIf(!process.env['TESSERA_WEBGPU'])('dispatches, submits and the bytes that they move are counted, with any layout', async () => {
  const types = await provideDawn();
  const [traffic, moved] = [watchTraffic(types), watchMoved(types)];
  const adapter = (await navigator.gpu.requestAdapter())!;
  const device = await adapter.requestDevice();
  const errors: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  const [STORAGE, COPY_DST, COPY_SRC] = [0x80, 0x08, 0x04];
  const [x, y, z] = [0, 1, 2].map(() => device.createBuffer({ size: 4096, usage: STORAGE | COPY_DST | COPY_SRC })) as GPUBuffer[];
  const module = device.createShaderModule({ code });
  const group = device.createBindGroupLayout({
    entries: (['read-only-storage', 'storage'] as const).map((type, binding) => ({ binding, visibility: 4, buffer: { type } })),
  });
  for (const layout of ['auto', device.createPipelineLayout({ bindGroupLayouts: [group] })] as const) {
    const pipeline = await device.createComputePipelineAsync({ layout, compute: { module } });
    const [before] = [traffic(), await moved()];
    device.queue.writeBuffer(x!, 0, new Float32Array(50));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = [x!, y!].map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(2);
    pass.dispatchWorkgroups(2);
    pass.end();
    encoder.copyBufferToBuffer(y!, 0, z!, 0, 16);
    encoder.clearBuffer(z!, 0, 8);
    device.queue.submit([encoder.finish()]);
    // What only fetches is no submit of a step.
    const fetching = device.createCommandEncoder();
    fetching.copyBufferToBuffer(y!, 16, z!, 0, 4);
    device.queue.submit([fetching.finish()]);
    const after = traffic();
    expect([after.dispatches - before.dispatches, after.submits - before.submits]).toEqual([2, 1]);
    // From the host 50 numbers; twice 50 are read and 100 pairs written; 16 and 4 bytes are copied, 8 cleared.
    expect(await moved()).toBe(4 * 50 + 2 * (4 * 50 + 8 * 100) + 2 * (16 + 4) + 8);
  }
  expect(errors).toEqual([]);
  device.destroy();
});
