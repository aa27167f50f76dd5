/** One line of Cloudflare's bill. */
export interface Price {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** What the paid plan includes a month. */
  readonly included: number;
  /** Dollars for `per` units more. */
  readonly dollars: number;
  readonly per: number;
  /** What the free plan allows; undefined where it has no such limit. */
  readonly free?: { readonly limit: number; readonly each: "day" | "month" | "account" };
  /** The page in Cloudflare's documentation. */
  readonly source: string;
}

const DOCS = "https://developers.cloudflare.com";
const MILLION = 1_000_000;

/** When the price list was read. Logs: the prices that hold from 2026-12-01 on; before, $0.60 for a million events above 20 million. */
export const PRICES_READ = "2026-11-29";

/** Dollars a month for the Workers Paid plan. */
export const PLAN = 5;

/** CPU milliseconds that the free plan gives one request. */
export const FREE_CPU_MS = 10;

/** How long logs are kept, which is what their storage is paid for. Days. */
export const LOGS_KEPT = 7;

const workers = `${DOCS}/workers/platform/pricing/`;
const kv = `${DOCS}/kv/platform/pricing/`;
const r2 = `${DOCS}/r2/pricing/`;
const d1 = `${DOCS}/d1/platform/pricing/`;
const logs = `${DOCS}/observability/pricing/`;

/** Cloudflare's price list, as far as pypi-edge uses it. */
export const PRICES = {
  requests: {
    name: "Workers requests",
    unit: "requests, those that the edge answers included",
    included: 10 * MILLION,
    dollars: 0.3,
    per: MILLION,
    free: { limit: 100_000, each: "day" },
    source: `${DOCS}/workers/cache/#billing`,
  },
  cpuMs: { name: "CPU", unit: "milliseconds", included: 30 * MILLION, dollars: 0.02, per: MILLION, source: workers },
  kvReads: {
    name: "KV reads",
    unit: "reads",
    included: 10 * MILLION,
    dollars: 0.5,
    per: MILLION,
    free: { limit: 100_000, each: "day" },
    source: kv,
  },
  kvWrites: {
    name: "KV writes",
    unit: "writes and deletions",
    included: MILLION,
    dollars: 5,
    per: MILLION,
    free: { limit: 1_000, each: "day" },
    source: kv,
  },
  kvStorage: {
    name: "KV storage",
    unit: "GB",
    included: 1,
    dollars: 0.5,
    per: 1,
    free: { limit: 1, each: "account" },
    source: kv,
  },
  r2ClassA: {
    name: "R2 class A",
    unit: "writes and listings",
    included: MILLION,
    dollars: 4.5,
    per: MILLION,
    free: { limit: MILLION, each: "month" },
    source: r2,
  },
  r2ClassB: {
    name: "R2 class B",
    unit: "reads",
    included: 10 * MILLION,
    dollars: 0.36,
    per: MILLION,
    free: { limit: 10 * MILLION, each: "month" },
    source: r2,
  },
  r2Storage: {
    name: "R2 storage",
    unit: "GB",
    included: 10,
    dollars: 0.015,
    per: 1,
    free: { limit: 10, each: "account" },
    source: r2,
  },
  rowsRead: {
    name: "D1 rows read",
    unit: "rows",
    included: 25_000 * MILLION,
    dollars: 0.001,
    per: MILLION,
    free: { limit: 5 * MILLION, each: "day" },
    source: d1,
  },
  rowsWritten: {
    name: "D1 rows written",
    unit: "rows, those of indexes included",
    included: 50 * MILLION,
    dollars: 1,
    per: MILLION,
    free: { limit: 100_000, each: "day" },
    source: d1,
  },
  d1Storage: {
    name: "D1 storage",
    unit: "GB",
    included: 5,
    dollars: 0.75,
    per: 1,
    free: { limit: 0.5, each: "account" },
    source: `${DOCS}/d1/platform/limits/`,
  },
  queueOperations: {
    name: "Queues",
    unit: "operations, three a message",
    included: MILLION,
    dollars: 0.4,
    per: MILLION,
    free: { limit: 10_000, each: "day" },
    source: `${DOCS}/queues/platform/pricing/`,
  },
  logsTaken: {
    name: "Logs, taken in",
    unit: "GB",
    included: 50,
    dollars: 0.25,
    per: 1,
    free: { limit: 0.5, each: "day" },
    source: logs,
  },
  logsStored: { name: "Logs, stored", unit: "GB", included: 12, dollars: 0.1, per: 1, source: logs },
} as const satisfies Record<string, Price>;

/** A line of the bill. */
export type Line = keyof typeof PRICES;
