import type { Platform } from "../../platform/platform.ts";
import { projectCopiesIn } from "../cache/hosted-projects.ts";
import { INDEX_STATE_CODEC, indexStateIn, indexSubject, type IndexState } from "../d1/index-state.ts";
import { ADVISORIES_SUBJECT, PLACED_INDEX_CODEC, placedIndexIn } from "../d1/advisory-index.ts";
import { ALL_ENDED_CODEC, allEndedIn, SESSIONS_SUBJECT } from "../d1/ended-sessions.ts";
import { hostedProjectsIn } from "../d1/hosted-projects.ts";
import { TOKEN_RIGHTS_CODEC, tokenRightsIn, TOKENS_SUBJECT } from "../d1/token-rights.ts";
import { sharedKeys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import { copiesIn, type Codec } from "./copies.ts";
import { withValue } from "../../repository/now-or-later.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";
import { hostedPackages, type RememberedProject } from "./hosted-packages.ts";
import { orLast, type OutageRules } from "./outage.ts";
import { SnapshotReader, type ReadSubject } from "./reader.ts";
import { rulesOf } from "./snapshot.ts";

/**
 * What is read by snapshots: what indexes host, the entries of their policies, what tokens allow, which sessions were ended, and where the
 * index of advisories lies. A subject more is a line more here.
 */
export function snapshotStores(
  {
    database,
    cache,
    deployment,
    staleness,
    now,
  }: Pick<Platform, "database" | "cache" | "deployment" | "staleness" | "now">,
  memory: Memory<RememberedProject>,
  outage: OutageRules,
) {
  const keys = sharedKeys(deployment);
  const rules = rulesOf(staleness);
  // A copy would never be used where the database is read each time.
  const isShared = staleness.reuse > 0;
  const version = () => database.version?.();

  function readerOf<Value>(subject: string, query: ReadSubject<Value>, codec: Codec<Value>): SnapshotReader<Value> {
    const copies = isShared ? copiesIn(cache, keys.snapshot(subject), codec, rules, now) : undefined;
    return new SnapshotReader({ query, copies, rules, version, now });
  }

  const indexes = new Map<string, SnapshotReader<IndexState>>();
  const stateOf = (index: string) => {
    const known = indexes.get(index);
    if (known) return known;
    const reader = readerOf(indexSubject(index), indexStateIn(database, index), INDEX_STATE_CODEC);
    indexes.set(index, reader);
    return reader;
  };
  const entriesOf: EntriesOf = (index, ctx) =>
    withValue(orLast(stateOf(index), outage, now, ctx), ({ value }) => value.entries);

  return {
    tokenRights: readerOf(TOKENS_SUBJECT, tokenRightsIn(database), TOKEN_RIGHTS_CODEC),
    allEnded: readerOf(SESSIONS_SUBJECT, allEndedIn(database), ALL_ENDED_CODEC),
    entriesOf,
    placedIndex: readerOf(ADVISORIES_SUBJECT, placedIndexIn(database), PLACED_INDEX_CODEC),
    hosting: hostedPackages({
      stateOf,
      query: hostedProjectsIn(database),
      copies: isShared ? projectCopiesIn(cache, keys) : undefined,
      memory,
      outage,
      now,
    }),
  };
}
