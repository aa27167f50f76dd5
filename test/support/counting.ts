/** How often each operation of each binding was called: `{"kv.get": 1}`. */
export type Counts = Record<string, number>;

/**
 * A binding that counts its calls under `name.method` and is otherwise the same, but that of those in `broken` the call fails
 * that is so many calls ahead: the next one is 1.
 */
export function counting<T extends object>(
  binding: T,
  name: string,
  counts: Counts,
  broken = new Map<string, number>(),
): T {
  return new Proxy(binding, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const key = `${name}.${String(property)}`;
        counts[key] = (counts[key] ?? 0) + 1;
        const ahead = broken.get(key) ?? 0;
        if (ahead > 1) broken.set(key, ahead - 1);
        else broken.delete(key);
        const failure = ahead === 1 && new Error(`${key} failed`);
        if (failure && property === "prepare") throw failure;
        if (failure) return Promise.reject(failure);
        return Reflect.apply(value, target, args);
      };
    },
  });
}
