import { osvRecord } from "../../schema/osv-record.ts";
import type { OsvRecord } from "../../worker/policy/osv/record.ts";
import { advisoryFile } from "./advisory-file.ts";
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
