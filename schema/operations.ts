/** What one request, cron tick or message asks of Cloudflare's services, in the units of the price list. What is left out is 0. */
export interface Operations {
  readonly kvReads?: number;
  /** Writes, deletions and listings. */
  readonly kvWrites?: number;
  /** Operations that write or list. */
  readonly r2ClassA?: number;
  /** Operations that read. Deletions are free. */
  readonly r2ClassB?: number;
  readonly rowsRead?: number;
  readonly rowsWritten?: number;
  /** Messages that are sent: each is one operation to write, to read and to delete it. */
  readonly messages?: number;
  /** Calls of the data centre's cache, which are free. */
  readonly cacheCalls?: number;
  /** Requests to upstreams, which are free. */
  readonly upstreamRequests?: number;
}

/**
 * The operations of one of each kind. `test/http/priced-operations.test.ts` measures them, and prints the table anew where they
 * differ.
 */
export const OPERATIONS = {
  "page, not stored": { upstreamRequests: 1, rowsRead: 2, rowsWritten: 2, cacheCalls: 2, kvReads: 1, kvWrites: 1 },
  "page, memory": {},
  "page, cache": { cacheCalls: 1 },
  "page, KV": { cacheCalls: 2, kvReads: 1 },
  "changed pages": { rowsRead: 3, cacheCalls: 2 },
  "changed pages, each": { rowsRead: 1 },
  "metadata, not stored": { upstreamRequests: 1, rowsRead: 3, rowsWritten: 4, cacheCalls: 1, r2ClassB: 1, r2ClassA: 1 },
  "metadata, R2": { cacheCalls: 2, r2ClassB: 1 },
  "metadata, memory": {},
  "file, not stored": { upstreamRequests: 1, rowsRead: 3, rowsWritten: 4, cacheCalls: 2, r2ClassB: 1, r2ClassA: 1 },
  "file, R2": { cacheCalls: 1, r2ClassB: 1 },
  "file above 64 MB, not stored": { messages: 1, upstreamRequests: 1 },
  "message: a file": { upstreamRequests: 1, rowsRead: 3, rowsWritten: 4, r2ClassB: 2, r2ClassA: 1, cacheCalls: 1 },
  "unknown name": { upstreamRequests: 1, cacheCalls: 1, kvReads: 1 },
  "unknown name again": {},
  "page, revalidated": { upstreamRequests: 1, cacheCalls: 4, kvReads: 1 },
  "team: page, cache": { cacheCalls: 1 },
  "team: page, KV": { cacheCalls: 2, kvReads: 1 },
  "team: page, memory": {},
  "team: snapshots": { rowsRead: 6, cacheCalls: 6 },
  "team: metadata, R2": { cacheCalls: 2, r2ClassB: 1 },
  "team: metadata, memory": {},
  "team: file, R2": { cacheCalls: 1, r2ClassB: 1 },
  "team: hosted page": { rowsRead: 4, cacheCalls: 2 },
  "team: hosted page, memory": {},
  "team: hosted file": { r2ClassB: 1 },
  "team: upload": { rowsRead: 10, rowsWritten: 20, r2ClassA: 2 },
  "cron: each minute": { upstreamRequests: 2, rowsRead: 7, rowsWritten: 2 },
  "cron: each 5 minutes": { rowsRead: 5, rowsWritten: 1 },
  "cron: each hour": { rowsRead: 69, rowsWritten: 9, r2ClassA: 4 },
  "page, cache, confirmed by the change log": { rowsRead: 1, cacheCalls: 1 },
  "page, KV, confirmed by the change log": { rowsRead: 1, cacheCalls: 2, kvReads: 1 },
  "cron: each minute, a page has changed": { messages: 1, upstreamRequests: 1, rowsRead: 22, rowsWritten: 6 },
  "message: a page": { upstreamRequests: 1, rowsRead: 11, rowsWritten: 4, cacheCalls: 3, kvReads: 1, kvWrites: 1 },
  "cron: each hour, for each stored file": { rowsRead: 2 },
  "gathered: a counter": { rowsRead: 1, rowsWritten: 1 },
  "gathered: a project that was asked for": { rowsRead: 1, rowsWritten: 2 },
  "gathered: a file that was given": { rowsRead: 3, rowsWritten: 3 },
} as const satisfies Record<string, Operations>;

/** What something costs, by the name that the table has for it. */
export type PricedKind = keyof typeof OPERATIONS;

/** When, and on what, `CPU_MS` was measured. */
export const CPU_MEASURED = "2026-11-29";

/**
 * CPU milliseconds of one of each kind, from `node test/bench/cost.ts`, whose simulators of the stores are in it. Crons, messages and
 * the hosted file are estimates.
 */
export const CPU_MS: Readonly<Partial<Record<PricedKind, number>>> = {
  "page, not stored": 13,
  "page, memory": 0.74,
  "page, cache": 2,
  "page, KV": 2,
  "page, cache, confirmed by the change log": 2,
  "page, KV, confirmed by the change log": 2,
  "metadata, not stored": 7,
  "metadata, memory": 0.56,
  "metadata, R2": 1.5,
  "file, not stored": 27,
  "file, R2": 2.9,
  "team: page, memory": 1.4,
  "team: page, cache": 2.2,
  "team: page, KV": 2.2,
  "team: metadata, memory": 1.3,
  "team: metadata, R2": 2.3,
  "team: file, R2": 3.9,
  "team: hosted page": 1.8,
  "team: hosted page, memory": 1.3,
  "team: hosted file": 3.9,
  "team: upload": 9.1,
  "cron: each minute": 5,
  "cron: each minute, a page has changed": 5,
  "cron: each 5 minutes": 5,
  "cron: each hour": 20,
  "message: a page": 15,
  "message: a file": 30,
};
