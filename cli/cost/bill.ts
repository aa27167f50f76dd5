import { CPU_MS, OPERATIONS, type PricedKind, type Operations } from "../../schema/operations.ts";
import { FREE_CPU_MS, LOGS_KEPT, PLAN, PRICES, type Line, type Price } from "../../schema/prices.ts";
import type { Scenario } from "../../schema/scenario.ts";
import { MONTH, monthOf } from "./kinds.ts";

/** A line of the bill: what a month uses, and dollars. */
export interface BillLine {
  readonly line: Line;
  readonly used: number;
  readonly dollars: number;
}

/** A limit of the free plan, and what a day or month uses of it. */
export interface FreeLimit {
  readonly name: string;
  readonly each: "day" | "month" | "account" | "request";
  readonly used: number;
  readonly limit: number;
}

/** What a scenario costs a month. */
export interface Bill {
  /** Dollars, the plan's own price included. */
  readonly total: number;
  readonly lines: readonly BillLine[];
  /** The limit that is used up first comes first. */
  readonly free: readonly FreeLimit[];
  /** All requests, and those that run the worker. */
  readonly requests: number;
  readonly running: number;
}

const GB = 1_000_000_000;
const MESSAGE_OPERATIONS = 3;

/** Kinds that start the worker without a request. They are billed like one. */
const isStart = (kind: string) =>
  /^(?:cron: each (?:minute|5 minutes|hour)(?:, a page has changed)?|message: .*)$/.test(kind);

/** Adds up what a scenario asks for, at Cloudflare's prices. */
export function billOf(scenario: Scenario): Bill {
  const { kinds, requests, edge } = monthOf(scenario);
  const happening = Object.entries(kinds) as [PricedKind, number][];
  const sum = (of: (kind: PricedKind) => number) =>
    happening.reduce((total, [kind, times]) => total + times * of(kind), 0);
  const operations = (unit: keyof Operations) => sum((kind) => (OPERATIONS[kind] as Operations)[unit] ?? 0);
  const starts = sum((kind) => Number(isStart(kind)));
  const running = requests - edge + starts;
  const logged = (running * scenario.logs.sampling * scenario.logs.bytes) / GB;
  const used: Record<Line, number> = {
    requests: requests + starts,
    cpuMs: sum((kind) => CPU_MS[kind] ?? 0),
    kvReads: operations("kvReads"),
    kvWrites: operations("kvWrites"),
    kvStorage: scenario.stored.kv,
    r2ClassA: operations("r2ClassA"),
    r2ClassB: operations("r2ClassB"),
    r2Storage: scenario.stored.r2,
    rowsRead: operations("rowsRead"),
    rowsWritten: operations("rowsWritten"),
    d1Storage: scenario.stored.d1,
    queueOperations: operations("messages") * MESSAGE_OPERATIONS,
    logsTaken: logged,
    logsStored: (logged / MONTH) * LOGS_KEPT,
  };
  const lines = (Object.keys(PRICES) as Line[]).map((line) => {
    const { included, dollars, per }: Price = PRICES[line];
    return { line, used: used[line], dollars: (Math.max(0, used[line] - included) / per) * dollars };
  });
  const total = lines.reduce((dollars, line) => dollars + line.dollars, PLAN);
  return { total, lines, free: freeLimits(used, happening), requests, running };
}

function freeLimits(used: Record<Line, number>, happening: readonly [PricedKind, number][]): FreeLimit[] {
  const limits = (Object.keys(PRICES) as Line[]).flatMap((line): FreeLimit[] => {
    const { name, free }: Price = PRICES[line];
    if (!free) return [];
    const { each, limit } = free;
    return [{ name, each, limit, used: each === "day" ? used[line] / MONTH : used[line] }];
  });
  const longest = Math.max(...happening.map(([kind, times]) => (times > 0 ? (CPU_MS[kind] ?? 0) : 0)));
  limits.push({ name: "CPU milliseconds", each: "request", limit: FREE_CPU_MS, used: longest });
  return limits.toSorted((a, b) => b.used / b.limit - a.used / a.limit);
}
