import { MINUTE } from "../../duration.ts";
import type { Via } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Counters } from "../../repository/ports/counters.ts";
import type { Marks } from "../../repository/ports/freshness.ts";

/** How long a client may take to ask for what was fetched ahead of it. Milliseconds. */
const USED_WITHIN = 10 * MINUTE;

export interface AheadCounts {
  /** What was fetched ahead and not asked for yet. */
  readonly ahead: Marks;
  readonly counters: Pick<Counters, "add">;
}

type Part = "page" | "metadata" | "file";

/** Counts something that is fetched ahead of clients. */
export function countFetched(part: Part, label: string, { ahead, counters }: AheadCounts, ctx: Context): void {
  ahead.set(label, true, 0, ctx.now + USED_WITHIN);
  counters.add("ahead", { part, outcome: "fetched" });
}

/**
 * Counts what is fetched ahead of clients, and what of that they ask for.
 *
 * @param label of the project, or of the file
 * @param answer what gives it
 */
export async function countingAhead<Answer extends { readonly via: Via } | null>(
  part: Part,
  label: string,
  answer: () => Promise<Answer>,
  { ahead, counters }: AheadCounts,
  ctx: Context,
): Promise<Answer> {
  if (ctx.isAhead) {
    // Before it is there: a client may ask for it meanwhile.
    ahead.set(label, true, 0, ctx.now + USED_WITHIN);
    let got: Answer | undefined;
    try {
      return (got = await answer());
    } finally {
      if (got?.via === "upstream") counters.add("ahead", { part, outcome: "fetched" });
      else ahead.delete(label);
    }
  }
  if (ctx.installer && ahead.get(label, ctx.now)) {
    ahead.delete(label);
    counters.add("ahead", { part, outcome: "used" });
  }
  return answer();
}
