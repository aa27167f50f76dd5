import { encodeIndex } from "../../worker/policy/osv/index-file.ts";
import { entriesOf, type AdvisoryEntry, type OsvRecord } from "../../worker/policy/osv/record.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";

/** An index that is made of these records. */
export function advisoryFile(records: readonly OsvRecord[]) {
  const entries = new Map<ProjectName, AdvisoryEntry[]>();
  for (const record of records) {
    for (const [name, entry] of entriesOf(record)) entries.set(name, [...(entries.get(name) ?? []), entry]);
  }
  const file = encodeIndex({ entries, records: new Map(records.map(({ id }) => [id, 0])) });
  return { file, counts: { records: records.length, entries: [...entries.values()].flat().length } };
}
