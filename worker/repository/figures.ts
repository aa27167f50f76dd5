import type { SourceChanges } from "./repository.ts";
import type { Count, Counters } from "./ports/counters.ts";
import type { Reading } from "./ports/history.ts";
import type { DeadLetters } from "./ports/maintenance.ts";
import type { StoredObjects } from "./ports/stored-objects.ts";

/** Where figures are read. */
export interface FigureSources {
  readonly counters: Pick<Counters, "totals">;
  readonly objects: Pick<StoredObjects, "total">;
  readonly hosted: { total(): Promise<{ readonly bytes: number }> };
  readonly letters: Pick<DeadLetters, "counts">;
  readonly sources: ReadonlyMap<string, { readonly changes?: SourceChanges | undefined }>;
}

/** The counters that figures are made of, and the label by whose values each is divided; undefined: it is one figure. */
const COUNTED = {
  requests: "via",
  fileBytes: "via",
  upstreamRequests: "outcome",
  upstreamSeconds: undefined,
  verdicts: "mode",
  refusedFills: "limit",
} as const satisfies Partial<Record<Count["name"], string | undefined>>;

/** Requests for packages; the others are for pages of people, the API and the like. */
const OF_PACKAGES = new Set(["simple", "files", "documents"]);

/**
 * Reads what is plotted: sums of counters as `requests.memory`, and gauges as `stored`. Rejects where the database fails.
 *
 * @param now milliseconds since the epoch
 */
export async function readFigures(
  { counters, objects, hosted, letters, sources }: FigureSources,
  now: number,
): Promise<Reading> {
  const [counts, stored, own, dead, logs] = await Promise.all([
    counters.totals(Object.keys(COUNTED) as (keyof typeof COUNTED)[]),
    objects.total(),
    hosted.total(),
    letters.counts(),
    Promise.all([...sources.values()].flatMap(({ changes }) => (changes ? [lagOf(changes, now)] : []))),
  ]);
  const figures: Record<string, number> = {
    stored: stored.bytes,
    hosted: own.bytes,
    dead: [...dead.values()].reduce((sum, count) => sum + count, 0),
    // Where no change log is followed there is neither.
    ...(logs.length > 0 && {
      behind: logs.reduce((sum, { behind }) => sum + behind, 0),
      lag: Math.max(...logs.map(({ lag }) => lag)),
    }),
  };
  for (const { name, labels, value } of counts) {
    if (name === "requests" && !OF_PACKAGES.has(labels["family"] ?? "")) continue;
    const label = COUNTED[name as keyof typeof COUNTED];
    const key = label === undefined ? name : `${name}.${labels[label]}`;
    figures[key] = (figures[key] ?? 0) + value;
  }
  return { at: now, figures };
}

/** How long ago a change log was last read, in milliseconds, and how many stored pages are behind it. */
async function lagOf({ log, behind }: SourceChanges, now: number): Promise<{ lag: number; behind: number }> {
  const [state, count] = await Promise.all([log.state(), behind.count()]);
  return { lag: state === null ? 0 : Math.max(0, now - state.polledAt), behind: count };
}
