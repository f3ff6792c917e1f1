import { expect, test } from 'vitest';
import { markedShader } from './marks.ts';

test('a shader marks what it touches of its storage arrays, at whatever depth', () => {
  const { code, arrays, group } = markedShader(`
@group(0) @binding(0) var<uniform> size: u32;
@group(0) @binding(1) var<storage, read> at: array<u32>;
@binding(2) @group(0) var<storage, read_write> y : array<vec4<f32>>;
@group(1) @binding(0) var<storage, read_write> sum: array<atomic<i32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var at2 = array<f32, 2>(1, 2); // at[0] is no access here
  y[at[id.x + 1]] = vec4(at2[0]);
  atomicAdd(&sum[ id[0] ], 1);
}`);
  expect(arrays).toEqual([
    { group: 0, binding: 1, elementBytes: 4 },
    { group: 0, binding: 2, elementBytes: 16 },
    { group: 1, binding: 0, elementBytes: 4 },
  ]);
  expect(group).toBe(2);
  expect(code).toContain('y[touched_1(u32(at[touched_0(u32(id.x + 1))]))] = vec4(at2[0]);');
  expect(code).toContain('atomicAdd(&sum[touched_2(u32( id[0] ))], 1);');
  expect(code).toContain('@group(2) @binding(0) var<storage, read_write> touched: array<atomic<u32>>;');
});
