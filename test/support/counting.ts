/** How often each operation of each binding was called: `{"kv.get": 1}`. */
export type Counts = Record<string, number>;

/** A binding that counts its calls under `name.method` and is otherwise the same. */
export function counting<T extends object>(binding: T, name: string, counts: Counts): T {
  return new Proxy(binding, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const key = `${name}.${String(property)}`;
        counts[key] = (counts[key] ?? 0) + 1;
        return Reflect.apply(value, target, args);
      };
    },
  });
}
