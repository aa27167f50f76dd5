import { filesIn } from "./state.ts";
import type { World } from "./world.ts";

/** How many violations are printed. */
const SHOWN = 20;

/** What a run has come to. */
interface Figures {
  readonly seed: number;
  readonly minutes: number;
  /** The options that say where the server runs, such as `--container`. */
  readonly where: readonly string[];
  readonly kills: number;
  readonly stops: number;
  /** Resident bytes. */
  readonly memory: { readonly most: number; readonly atRest: number };
  readonly descriptors: { readonly atStart: number; readonly most: number; readonly atEnd: number };
  readonly upstreamRequests: number;
  /** Where the server's log is. */
  readonly log: string | undefined;
}

export const inMB = (bytes: number) => Math.round(bytes / 1e6);

/** Prints what a note of the run needs: what was asked and answered, kills, memory, descriptors, files, the log, violations. */
export function report(world: World, figures: Figures): void {
  const { tally, ledger, subject } = world;
  const { seed, minutes, where, kills, stops, memory, descriptors, upstreamRequests, log } = figures;
  const files = filesIn(subject.state);
  console.log(
    [
      ["npm run soak --", minutes, "--seed", seed, ...where].join(" "),
      `  requests:    ${tally.requests} (${tally.kinds()}), ${upstreamRequests} of the upstream`,
      `  published:   ${ledger.uploads.length} uploads, ${ledger.tokens.length} tokens`,
      `  ended:       ${kills} kills, ${stops} stops`,
      `  memory:      at most ${inMB(memory.most)} MB, ${inMB(memory.atRest)} MB at rest`,
      `  descriptors: ${descriptors.atStart} at the start, at most ${descriptors.most}, ${descriptors.atEnd} in the end`,
      `  files:       ${files.count}, ${inMB(files.bytes)} MB`,
      `  log:         ${eventsIn(subject.output) || "nothing"}`,
      `  violations:  ${tally.violations.length}${log === undefined ? "" : `; the server's log is ${log}`}`,
      ...tally.violations.slice(0, SHOWN).map(({ at, weather, request, expected, found }) => {
        return `  at ${at.toFixed(1)} s, ${weather}: ${request}\n    expected: ${expected}\n    found:    ${found}`;
      }),
    ].join("\n"),
  );
  if (tally.violations.length > 0) process.exitCode = 1;
}

/** How many events of each kind a log in text has. */
function eventsIn(log: string): string {
  const counts = new Map<string, number>();
  for (const [, event = ""] of log.matchAll(/^(?:\S+ )??([a-z]+-[a-z]+): /gm))
    counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([event, count]) => `${event}: ${count}`)
    .join(", ");
}
