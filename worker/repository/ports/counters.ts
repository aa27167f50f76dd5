import type { Via } from "../artifact.ts";
import type { Context } from "../context.ts";
import type { Event } from "../event.ts";

/**
 * What is counted, and by which labels. Their values are few and fixed, since each combination is a permanent row, and
 * `/-/metrics` may be public: no names of projects or files, no addresses.
 */
export interface Counted {
  requests: { family: "simple" | "files" | "documents" | "other"; status: string; via: Via | "none" };
  /** Bytes, not files. */
  fileBytes: { via: Via };
  /** `warned`: stale for more than a week. */
  stalePages: { warned: "true" | "false" };
  upstreamRequests: { outcome: "ok" | "absent" | "unchanged" | "failed" };
  /** How long upstreams took until the head of their answer had arrived, or until they had failed. Seconds. */
  upstreamSeconds: { outcome: Counted["upstreamRequests"]["outcome"] };
  /** Requests that were refused because too much that is not stored was asked for: from a network, or in a day. */
  refusedFills: { limit: "network" | "day" };
  /** What was fetched before a client asked for it, and what of that a client asked for within ten minutes. */
  ahead: { part: "page" | "metadata" | "file"; outcome: "fetched" | "used" };
  /** Requests for files to which a rule of a policy applies. */
  verdicts: { rule: string; mode: "audit" | "warn" | "enforce" | "exempted" };
  /** Requests for pages of which a rule holds a file that mends the newest version. */
  heldFixes: { rule: string };
  events: { event: Event["event"] };
}

/** One counter's sum. */
export interface Count {
  readonly name: keyof Counted;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An event and when it was. */
export interface LastEvent extends Event {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Counters that are added up over all isolates. Counting never fails and costs no operation. */
export interface Counters {
  add<Name extends keyof Counted>(name: Name, labels: Counted[Name], by?: number): void;
  /** Remembers the event as the last one of its kind: its words are for admins only. `at` in milliseconds since the epoch. */
  remember(event: Event, at: number): void;
  /** The last event of each kind that was written, the latest first. Rejects where the store fails. */
  lastEvents(): Promise<readonly LastEvent[]>;
  /** Writes this isolate's counts to the store, behind the answer, if it last did so some minutes ago. */
  flush(ctx: Context): void;
  /**
   * The sums of these counters. This isolate's counts are written first, so that sums never go down between answers of
   * two isolates: a reader would take that for a restart of the counters. Rejects where the store fails.
   */
  totals(names: readonly (keyof Counted)[]): Promise<readonly Count[]>;
}
