import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { treeFlatten, treeLeaves, treeMap } from './tree.ts';

const tensor = { '~tensor': true, shape: [2] };
const tree = { x: [tensor, 3], y: { deep: undefined, none: null }, empty: {} };

describe('trees', () => {
  it('are taken apart at arrays and plain objects, and put together again', () => {
    const { leaves, paths, unflatten } = treeFlatten(tree);
    expect(leaves).toEqual([tensor, 3, undefined, null]);
    expect(paths).toEqual(['x.0', 'x.1', 'y.deep', 'y.none']);
    expect(treeLeaves(tree)).toEqual(leaves);
    expect(unflatten([1, 2, 3, 4])).toEqual({ x: [1, 2], y: { deep: 3, none: 4 }, empty: {} });
    expect(treeFlatten(tensor).paths).toEqual(['']);
    expect(treeFlatten(new Map()).leaves).toHaveLength(1);
  });
  it('are mapped leaf by leaf, others by their paths', () => {
    expect(treeMap((a: number) => a + 1, { a: 1, b: [2] })).toEqual({ a: 2, b: [3] });
    expect(treeMap((a: number, b: number) => a - b, { a: 1, b: [2] }, { b: [5], a: 7 })).toEqual({ a: -6, b: [-3] });
    expect(() => treeMap((a: number) => a, { a: 1 }, { b: 1 })).toThrow('[treeMap] trees must have the same structure: got b for a');
  });
  test.prop([fc.object({ withNullPrototype: false, withMap: false, withSet: false })])('come back as they were', (value) => {
    const { leaves, unflatten } = treeFlatten(value);
    expect(unflatten(leaves)).toEqual(value);
    expect(treeMap((leaf: unknown) => leaf, value)).toEqual(value);
  });
  it('may have any keys', () => {
    const value = JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2 }') as object;
    const mapped = treeMap((leaf: number) => leaf + 1, value);
    expect(JSON.stringify(mapped)).toBe('{"__proto__":{"a":2},"constructor":3}');
    expect(Object.getPrototypeOf(mapped)).toBe(Object.prototype);
  });
});
