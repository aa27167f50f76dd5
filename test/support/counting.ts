/** How often each operation of each binding was called: `{"kv.get": 1}`. */
export type Counts = Record<string, number>;

/**
 * A binding that counts its calls under `name.method` and is otherwise the same, but that the next call of one of `broken`
 * fails, or of one with a number, as in `kv.put 3`, the call of that number.
 */
export function counting<T extends object>(binding: T, name: string, counts: Counts, broken = new Set<string>()): T {
  return new Proxy(binding, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const key = `${name}.${String(property)}`;
        counts[key] = (counts[key] ?? 0) + 1;
        const isBroken = broken.delete(key) || broken.delete(`${key} ${counts[key]}`);
        const failure = isBroken && new Error(`${key} failed`);
        if (failure && property === "prepare") throw failure;
        if (failure) return Promise.reject(failure);
        return Reflect.apply(value, target, args);
      };
    },
  });
}
