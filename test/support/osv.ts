import { osvRecord } from "../../schema/osv-record.ts";
import type { OsvRecord } from "../../worker/policy/osv/record.ts";

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
