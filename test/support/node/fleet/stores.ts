import { createHash } from "node:crypto";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { byteStream } from "../../../../server/byte-stream.ts";
import { cacheLifetime } from "../../../../server/cache-lifetime.ts";
import type { Database, QueryResult, SqlValue, Statement } from "../../../../worker/platform/database.ts";
import type { KeyValue } from "../../../../worker/platform/key-value.ts";
import type { ObjectHead, Objects } from "../../../../worker/platform/objects.ts";
import type { ResponseCache } from "../../../../worker/platform/platform.ts";

/*
 * Cloudflare's stores as far as reads, uploads and mints need them, in memory: each call waits in simulated time, and is noted. What
 * none of these needs fails.
 */

/** Waits as long as a call of a store takes, and notes what it was. Resolves with what `call` gives. */
export type Through = <Result>(
  what: Call | ((result: Result) => Call),
  call: () => Result | Promise<Result>,
) => Promise<Result>;

/** The kinds of calls. A batch of the database is one. */
export type Call =
  | "d1.read"
  | "d1.write"
  | "kv.get"
  | "kv.put"
  | "r2.get"
  | "r2.put"
  | "cache.hit"
  | "cache.miss"
  | "cache.put";

/** SQL in memory. */
export function databaseInMemory(through: Through): Database {
  const db = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();

  class Bound implements Statement {
    readonly sql: string;
    readonly values: readonly SqlValue[];
    constructor(sql: string, values: readonly SqlValue[]) {
      this.sql = sql;
      this.values = values;
    }
    bind = (...values: SqlValue[]) => new Bound(this.sql, values);
    async all<Row>(): Promise<QueryResult<Row>> {
      const [result] = await run<Row>([this]);
      return result as QueryResult<Row>;
    }
    run = <Row>() => this.all<Row>();
    first = async <Row>() => (await this.all<Row>()).results[0] ?? null;
  }

  function rowsOf<Row>({ sql, values }: Bound): QueryResult<Row> {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    const given = values.map((value) => (typeof value === "boolean" ? Number(value) : value)) as (string | number)[];
    if (statement.columns().length > 0)
      return { results: statement.all(...given) as unknown as Row[], meta: { changes: 0 } };
    return { results: [], meta: { changes: Number(statement.run(...given).changes) } };
  }

  const run = <Row>(statements: readonly Bound[]) => {
    const isRead = statements.every(({ sql }) => /^\s*(?:SELECT|WITH)\b/i.test(sql));
    return through(isRead ? "d1.read" : "d1.write", () => {
      db.exec("BEGIN");
      try {
        const results = statements.map((statement) => rowsOf<Row>(statement));
        db.exec("COMMIT");
        return results;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    });
  };

  return {
    prepare: (sql) => new Bound(sql, []),
    batch: <Row>(statements: Statement[]) => run<Row>(statements as Bound[]),
  };
}

interface Value {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: unknown;
}

const bytesOf = async (value: ReadableStream | Uint8Array | string) =>
  new Uint8Array(await new Response(value as ReadableStream).arrayBuffer());

/** Values that never expire. */
export function keyValueInMemory(through: Through): KeyValue {
  const values = new Map<string, Value>();
  return {
    get: (key) =>
      through("kv.get", () => {
        const found = values.get(key);
        return found ? byteStream(found.bytes.slice()) : null;
      }),
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same as KV's
    getWithMetadata: <Metadata>(key: string) =>
      through("kv.get", () => {
        const found = values.get(key);
        return {
          value: found ? byteStream(found.bytes.slice()) : null,
          metadata: (found?.metadata ?? null) as Metadata | null,
        };
      }),
    put: (key, value, { metadata = null } = {}) =>
      through("kv.put", async () => void values.set(key, { bytes: await bytesOf(value), metadata })),
    delete: (key) => through("kv.put", () => void values.delete(key)),
    list: () => Promise.reject(new Error("no listing")),
  };
}

interface Stored extends ObjectHead {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Objects that are read whole. */
export function objectsInMemory(through: Through, now: () => number): Objects {
  const objects = new Map<string, Stored>();
  const unsupported = (what: string) => Promise.reject(new Error(`no ${what}`));
  const get = (key: string, { onlyIf }: { readonly onlyIf?: { readonly etagDoesNotMatch?: string } } = {}) =>
    through("r2.get", () => {
      const found = objects.get(key);
      if (!found) return null;
      const { bytes, ...head } = found;
      if (onlyIf?.etagDoesNotMatch === head.etag) return head;
      return { ...head, body: byteStream(bytes.slice()), bytes: () => Promise.resolve(bytes.slice()) };
    });
  return {
    head: (key) => through("r2.get", () => objects.get(key) ?? null),
    get: get as Objects["get"],
    put: (key, value, { customMetadata = {}, onlyIf } = {}) =>
      through("r2.put", async () => {
        const bytes = await bytesOf(value);
        const before = objects.get(key);
        if (onlyIf?.etagDoesNotMatch === "*" && before) return null;
        if (onlyIf?.etagMatches !== undefined && onlyIf.etagMatches !== before?.etag) return null;
        const etag = createHash("md5").update(bytes).digest("hex");
        const head = { key, size: bytes.byteLength, uploaded: new Date(now()), etag, customMetadata };
        objects.set(key, { ...head, bytes });
        return head;
      }),
    delete: (keys) =>
      through("r2.put", () => {
        for (const key of [keys].flat()) objects.delete(key);
      }),
    list: () => unsupported("listing"),
    createMultipartUpload: () => unsupported("upload in parts"),
    resumeMultipartUpload: () => {
      throw new Error("no upload in parts");
    },
  };
}

/** The cache of one data centre. */
export function cacheInMemory(through: Through, now: () => number): ResponseCache {
  interface Entry {
    readonly bytes: ArrayBuffer;
    readonly head: ResponseInit;
    readonly until: number;
  }
  const entries = new Map<string, Entry>();
  const keyOf = (request: RequestInfo | URL) => (request instanceof Request ? request.url : String(request));
  return {
    match: (request) =>
      through<Response | undefined>(
        (found) => (found ? "cache.hit" : "cache.miss"),
        () => {
          const found = entries.get(keyOf(request));
          return found && found.until > now() ? new Response(found.bytes, found.head) : undefined;
        },
      ),
    put: (request, response) =>
      through("cache.put", async () => {
        const { status, headers } = response;
        const lifetime = cacheLifetime(status, headers, now());
        const bytes = await response.arrayBuffer();
        if (lifetime > 0) entries.set(keyOf(request), { bytes, head: { status, headers }, until: now() + lifetime });
      }),
    delete: (request) => through("cache.put", () => entries.delete(keyOf(request))),
  };
}

/** A cache in which nothing is ever found, as on workers.dev. */
export const NO_CACHE: ResponseCache = {
  match: () => Promise.resolve(undefined),
  put: async (_, response) => response.body?.cancel(),
  delete: () => Promise.resolve(false),
};
