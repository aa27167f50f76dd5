import type { Event } from "../repository/event.ts";
import type { Via } from "../repository/artifact.ts";
import { escaped, escapedLines, withoutTokens } from "../pypi/shown.ts";

/** What a line tells a program. Each line has `event` or `request`, and the id of the request or run that it belongs to. */
export interface LogFields {
  /** When the request or run began, as ISO 8601. */
  readonly time?: string;
  readonly requestId?: string;
  readonly event?: Event["event"] | "work-failed" | "certificate" | "notice";
  /** What an event is about. */
  readonly what?: string;
  readonly reason?: string;
  /** Of a failure that is a defect of this program. */
  readonly stack?: string | undefined;
  /** Method and path of a request, without secrets. */
  readonly request?: string;
  readonly status?: number;
  readonly index?: string | undefined;
  readonly project?: string | undefined;
  /** The layer that answered. */
  readonly layer?: Via | undefined;
  /** Bytes of the answer's body, where its head says so. */
  readonly bytes?: number | undefined;
  /** From the request to the head of its answer. Milliseconds. */
  readonly ms?: number;
  /** How much of that was spent waiting for the head of an upstream's answer. Milliseconds. */
  readonly upstreamMs?: number;
}

/** Writes one line: `fields` where the log is JSON, `text` where a person reads it. */
export type Log = (level: "log" | "warn" | "error", fields: LogFields, text: string) => void;

/**
 * The one place that writes to the log. Clients and upstreams wrote parts of it: secrets of tokens are left out, and what a
 * terminal would interpret is escaped, as JSON has it in both formats.
 */
export function logAs(format: "json" | "text"): Log {
  if (format === "json")
    return (level, fields) => console[level](safe(JSON.stringify({ level: LEVELS[level], ...fields })));
  return (level, { stack }, text) =>
    console[level](stack === undefined ? safe(text) : `${safe(text)}\n${escapedLines(withoutTokens(stack))}`);
}

const LEVELS = { log: "info", warn: "warn", error: "error" } as const;

const safe = (text: string) => escaped(withoutTokens(text));

/** The fields of an error that is a defect of this program. */
export const defectFields = (error: unknown): Pick<LogFields, "reason" | "stack"> =>
  error instanceof Error ? { reason: error.message, stack: error.stack } : { reason: String(error) };
