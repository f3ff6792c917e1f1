type Method = (this: object, ...given: unknown[]) => unknown;

/**
 * Stands in the way of a method of one of WebGPU's own classes, so that no library is asked what it does. `prepare` may give other
 * arguments than came.
 */
export function intercept<G extends unknown[], R>(
  types: object,
  [type, method]: readonly [type: string, method: string],
  { prepare, note }: { prepare?: (self: object, given: G) => G; note?: (self: object, given: G, result: R) => void },
): void {
  const { prototype } = (types as Record<string, { prototype: Record<string, Method> }>)[type]!;
  const original = prototype[method]!;
  prototype[method] = function (...given) {
    const passed = prepare ? prepare(this, given as G) : (given as G);
    const result = original.apply(this, passed);
    note?.(this, passed, result as R);
    return result;
  };
}
