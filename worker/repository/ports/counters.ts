import type { Via } from "../artifact.ts";
import type { Context } from "../context.ts";
import type { Event } from "../event.ts";

/**
 * What is counted, and by which labels. Their values are few and known beforehand, since each combination is a row for good
 * that anybody may read: no names of projects or files, no addresses.
 */
export interface Counted {
  requests: { family: "simple" | "files" | "documents" | "other"; status: string; via: Via | "none" };
  /** Bytes, not files. */
  fileBytes: { via: Via };
  /** `warned`: for more than a week. */
  stalePages: { warned: "true" | "false" };
  upstreamRequests: { outcome: "ok" | "absent" | "unchanged" | "failed" };
  events: { event: Event["event"] };
}

/** One counter's sum. */
export interface Count {
  readonly name: keyof Counted;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counters that are added up over all isolates. Counting never fails and costs no operation. */
export interface Counters {
  add<Name extends keyof Counted>(name: Name, labels: Counted[Name], by?: number): void;
  /** Writes what this isolate has counted, behind the answer, where it last did so a while ago. */
  flush(ctx: Context): void;
  /**
   * The sums of these counters. What this isolate has counted is written first: the sum of what is stored never goes down
   * from one isolate's answer to another's, which a reader would take for counters that have begun anew. Rejects where the
   * store fails.
   */
  totals(names: readonly (keyof Counted)[]): Promise<readonly Count[]>;
}
