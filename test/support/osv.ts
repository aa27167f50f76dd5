import { osvRecord } from "../../schema/osv-record.ts";
import { encodeIndex } from "../../worker/policy/osv/index-file.ts";
import { entriesOf, type AdvisoryEntry, type OsvRecord } from "../../worker/policy/osv/record.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { Rig } from "./rig.ts";

/** What test/fixtures/osv/expect.json says of one project in one record. */
export interface Expected {
  readonly id: string;
  readonly project: string;
  readonly withdrawn: boolean;
  readonly versions: Readonly<Record<string, boolean | "undecidable">>;
}

const fixture = async (path: string): Promise<unknown> => (await fetch(`http://fixtures.test/osv/${path}`)).json();

/** A record of test/fixtures/osv. */
export const osvFixture = async (id: string): Promise<OsvRecord> =>
  osvRecord.parse(await fixture(`${id.startsWith("SYN-") ? "synthetic/" : ""}${id}.json`));

export const osvExpectations = async () => (await fixture("expect.json")) as readonly Expected[];

/** An index that is made of these records. */
export function advisoryFile(records: readonly OsvRecord[]) {
  const entries = new Map<ProjectName, AdvisoryEntry[]>();
  for (const record of records) {
    for (const [name, entry] of entriesOf(record)) entries.set(name, [...(entries.get(name) ?? []), entry]);
  }
  const file = encodeIndex({ entries, records: new Map(records.map(({ id }) => [id, 0])) });
  return { file, counts: { records: records.length, entries: [...entries.values()].flat().length } };
}

/** Stores an index that is made of these records, as the job would. */
export async function storeAdvisories({ services, now }: Rig, records: readonly OsvRecord[]): Promise<void> {
  const { file, counts } = advisoryFile(records);
  await services.advisoryIndex.replace(file, counts, { checkedAt: now, failure: undefined });
}

/** A record about versions of a project. */
export const recordOf = (
  name: string,
  id: string,
  more: Partial<OsvRecord>,
  ...versions: readonly string[]
): OsvRecord => ({
  id,
  affected: [{ package: { ecosystem: "PyPI", name }, versions: [...versions] }],
  ...more,
});

/** A record about `demo`. */
export const demoRecord = (id: string, more: Partial<OsvRecord>, ...versions: string[]): OsvRecord =>
  recordOf("Demo", id, more, ...versions);
