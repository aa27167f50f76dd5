import type { Database } from "../../platform/database.ts";
import { fileRuleOf } from "../../pypi/file-rule.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { PolicyEntry } from "../../pypi/policy-entry.ts";
import type { Codec } from "../snapshots/copies.ts";
import type { ReadSubject } from "../snapshots/reader.ts";

/** The names that an index hosts, each with the index's revision at its last change. */
export type HostedNames = ReadonlyMap<ProjectName, number>;

/** What is read of an index by snapshots. */
export interface IndexState {
  readonly names: HostedNames;
  /** The entries of its policy's lists that had not ended when they were read; the same array while none is added or removed. */
  readonly entries: readonly PolicyEntry[];
}

const NOTHING: IndexState = { names: new Map(), entries: [] };

/** The subject of an index in the table `revision`. */
export const indexSubject = (index: string) => `index ${index}`;

const IS_DELTA = "?3 BETWEEN r.whole_since AND r.number";

/**
 * The revision, and the projects and entries that have changed since ?3; all of them where ?3 is of a time before a row was
 * removed, or of a database that was restored since.
 */
const CHANGED = `
  SELECT r.number, ${IS_DELTA} AS is_delta, p.project, p.changed, NULL AS entry
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = ?1
  LEFT JOIN hosted_project AS p ON p.index_name = ?2 AND p.changed > iif(${IS_DELTA}, ?3, -1)
  UNION ALL
  SELECT r.number, ${IS_DELTA}, NULL, NULL, json_array(id, kind, what, reason, advisory, expires_at)
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = ?1
  JOIN policy_entry AS e ON e.index_name = ?2 AND e.changed > iif(${IS_DELTA}, ?3, -1)
  WHERE e.expires_at IS NULL OR e.expires_at > ?4`;

interface Row {
  readonly number: number | null;
  readonly is_delta: number | null;
  readonly project: ProjectName | null;
  readonly changed: number | null;
  readonly entry: string | null;
}

type EntryRow = [
  id: string,
  kind: PolicyEntry["kind"],
  what: string,
  reason: string,
  advisory: string | null,
  until: number | null,
];

/** Reads the state of an index. The query rejects with D1's error. */
export function indexStateIn(db: Database, index: string): ReadSubject<IndexState> {
  return async (known, now) => {
    const { results } = await db
      .prepare(CHANGED)
      .bind(indexSubject(index), index, known?.revision ?? -1, now)
      .all<Row>();
    const names = results.flatMap(({ project, changed }) =>
      project === null ? [] : [[project, changed ?? 0] as const],
    );
    const entries = results.flatMap(({ entry }) => (entry === null ? [] : [entryIn(JSON.parse(entry) as EntryRow)]));
    const [first] = results;
    const before = known && first?.is_delta === 1 ? known.value : NOTHING;
    return {
      revision: first?.number ?? 0,
      value: {
        names: names.length === 0 ? before.names : new Map([...before.names, ...names]),
        entries: entries.length === 0 ? before.entries : [...before.entries, ...entries],
      },
    };
  };
}

const entryIn = ([id, kind, what, reason, advisory, until]: EntryRow): PolicyEntry => ({
  id,
  kind,
  rule: fileRuleOf(what),
  reason,
  advisory: advisory ?? undefined,
  until: until ?? undefined,
});

export const INDEX_STATE_CODEC: Codec<IndexState> = {
  encode: ({ names, entries }) => JSON.stringify([[...names], entries]),
  decode(text) {
    const [names, entries] = JSON.parse(text) as [[ProjectName, number][], PolicyEntry[]];
    return { names: new Map(names), entries };
  },
};
