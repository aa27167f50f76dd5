import { env } from "cloudflare:workers";

/** What leaves a store as it was. After any other call something may be in it. D1's batch is of statements that were prepared. */
const READS: ReadonlySet<string> = new Set(["batch", "constructor", "get", "getWithMetadata", "head", "list", "match"]);
const QUERY = /^\s*SELECT\b[^;]*$/i;

let isWritten = false;

/** Whether a store was written to, or may have been, since this was last asked. */
export function wasWritten(): boolean {
  const was = isWritten;
  isWritten = false;
  return was;
}

/** Notices each call of a store's class, whoever makes it, that is no read. */
function watch(store: object): void {
  const methods = Object.getPrototypeOf(store) as object;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(methods))) {
    if (typeof value !== "function" || READS.has(name)) continue;
    Object.defineProperty(methods, name, {
      configurable: true,
      writable: true,
      value: function noticed(this: unknown, ...args: unknown[]): unknown {
        if (name !== "prepare" || !QUERY.test(String(args[0]))) isWritten = true;
        return Reflect.apply(value as (...all: unknown[]) => unknown, this, args);
      },
    });
  }
}

const { DB, FILES, FILLS, NEW_FROM_NETWORK, PAGES } = env;
// All queues are of one class.
[DB, FILES, FILLS, NEW_FROM_NETWORK, PAGES, caches.default].forEach(watch);
