/** Rounds in which each way has its turn, so that a slow minute of the machine hits all. */
import type { WayName } from "./ways.ts";

/** The samples of each way, one a round. */
export type Samples<S> = ReadonlyMap<WayName, readonly S[]>;

/** Measures `ways` in turns: `rounds` times, or as often as `seconds` allow, but once at least. */
export async function inRounds<S>(
  ways: readonly WayName[],
  plan: { readonly rounds: number; readonly seconds: number },
  measure: (way: WayName) => Promise<S>,
): Promise<Samples<S>> {
  const samples = new Map(ways.map((way): [WayName, S[]] => [way, []]));
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  for (let round = 0; round < plan.rounds; round++) {
    // A round takes as long as those before it.
    if (round > 0 && elapsed() * (1 + 1 / round) > plan.seconds) break;
    for (const [way, own] of samples) own.push(await measure(way));
  }
  return samples;
}
