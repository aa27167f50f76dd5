import { env } from "cloudflare:workers";
import type { Operations } from "../../schema/operations.ts";
import type { Platform } from "../../worker/platform/platform.ts";
import { counting, type Counts } from "./counting.ts";

/** What a call of R2 or KV counts as on the bill; what is left out is free. */
const PRICED: Readonly<Record<string, keyof Operations>> = {
  "kv.get": "kvReads",
  "kv.getWithMetadata": "kvReads",
  "kv.put": "kvWrites",
  "kv.delete": "kvWrites",
  "kv.list": "kvWrites",
  "r2.get": "r2ClassB",
  "r2.head": "r2ClassB",
  "r2.put": "r2ClassA",
  "r2.list": "r2ClassA",
  "r2.createMultipartUpload": "r2ClassA",
  "r2.uploadPart": "r2ClassA",
  "r2.complete": "r2ClassA",
  "cache.match": "cacheCalls",
  "cache.put": "cacheCalls",
  "cache.delete": "cacheCalls",
};

interface Metered {
  readonly platform: Partial<Platform>;
  take(): Operations;
  /** Queries that the database was sent since `take` was last called. */
  queries(): number;
}

/** The platform's stores, and what was asked of them since `take` was last called, as the bill counts it. */
export function metered(): Metered {
  const counts: Counts = {};
  const rows = { rowsRead: 0, rowsWritten: 0 };
  const queries = { count: 0 };
  return {
    platform: {
      keyValue: counting(env.PAGES, "kv", counts),
      objects: withParts(counting(env.FILES, "r2", counts), counts),
      database: meteredDatabase(env.DB, rows, queries),
      cache: counting(caches.default, "cache", counts),
    },
    take() {
      const taken: Record<string, number> = { ...rows };
      for (const [call, count] of Object.entries(counts)) {
        const unit = PRICED[call];
        if (unit) taken[unit] = (taken[unit] ?? 0) + count;
        delete counts[call];
      }
      Object.assign(rows, { rowsRead: 0, rowsWritten: 0 });
      queries.count = 0;
      return Object.fromEntries(Object.entries(taken).filter(([, count]) => count > 0));
    },
    queries: () => queries.count,
  };
}

/** The same bucket; the parts of an upload count, too. */
function withParts(bucket: R2Bucket, counts: Counts): R2Bucket {
  const part = (upload: R2MultipartUpload) => counting(upload, "r2", counts);
  return new Proxy(bucket, {
    get(target, property) {
      if (property === "resumeMultipartUpload") return (...args: [string, string]) => part(target[property](...args));
      if (property === "createMultipartUpload")
        return async (...args: [string, R2MultipartOptions]) => part(await target[property](...args));
      return Reflect.get(target, property) as unknown;
    },
  });
}

/** The same database; the rows that D1 itself says it has read and written are added up. */
function meteredDatabase(
  db: D1Database,
  rows: { rowsRead: number; rowsWritten: number },
  queries: { count: number },
): D1Database {
  const statements = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const noted = <T extends D1Result>(result: T): T => {
    queries.count++;
    rows.rowsRead += result.meta.rows_read;
    rows.rowsWritten += result.meta.rows_written;
    return result;
  };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement => {
    const outer: D1PreparedStatement = Object.assign(Object.create(inner) as D1PreparedStatement, {
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      run: async () => noted(await inner.run()),
      all: async () => noted(await inner.all()),
      // D1's own says nothing of the rows that it has read.
      first: async () => noted(await inner.all()).results[0] ?? null,
    });
    statements.set(outer, inner);
    return outer;
  };
  return Object.assign(Object.create(db) as D1Database, {
    prepare: (sql: string) => statement(db.prepare(sql)),
    batch: async (batch: D1PreparedStatement[]) =>
      (await db.batch(batch.map((each) => statements.get(each) ?? each))).map(noted),
  });
}
