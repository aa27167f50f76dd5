import { describe, expect, test } from "vitest";
import type { VersionEvent } from "../../../../worker/policy/osv/ranges.ts";
import { advisoriesOf } from "../../../../worker/policy/osv/advisories.ts";
import { entriesOf, type AdvisoryEntry, type OsvRecord } from "../../../../worker/policy/osv/record.ts";
import { asProjectName, type ProjectName } from "../../../../worker/pypi/name.ts";
import { osvExpectations, osvFixture } from "../../../support/osv.ts";

const verdictOf = (entries: readonly AdvisoryEntry[], version: string) => {
  const { affecting, undecided } = advisoriesOf(entries);
  return affecting(version).length > 0 ? true : undecided(version).length > 0 ? "undecidable" : false;
};

test("all records of the fixtures are judged as expected", async () => {
  const expectations = await osvExpectations();
  expect(expectations).toHaveLength(47);
  const different: string[] = [];
  let compared = 0;
  for (const { id, project, withdrawn, versions } of expectations) {
    const record = await osvFixture(id);
    expect(withdrawn ? entriesOf(record).size : 0).toBe(0);
    const entry = entriesOf({ ...record, withdrawn: undefined }).get(project as ProjectName);
    for (const [version, expected] of Object.entries(versions)) {
      compared++;
      const found = verdictOf(entry ? [entry] : [], version);
      if (found !== expected) different.push(`${id} ${project} ${version}: ${found}`);
    }
  }
  expect(compared).toBeGreaterThan(250);
  // PEP 508 has no name that ends in a hyphen: no client can ask for it here, nor install it.
  expect(asProjectName("urlcon-")).toBeUndefined();
  expect(different.filter((it) => !it.startsWith("MAL-2024-10183 urlcon- "))).toEqual([]);
});

test("only the ecosystem PyPI counts, names are normalised, and ranges of commits say nothing", async () => {
  const names = async (id: string) => [...entriesOf(await osvFixture(id)).keys()];
  expect(await names("SYN-0005")).toEqual([]);
  expect(await names("SYN-0003")).toEqual(["alpha", "beta-lib"]);
  expect(await names("PYSEC-2020-341")).toEqual(["jw-util"]);
  expect(await names("PSF-2016-10")).toEqual([]);
});

test("versions that the ranges have are not stored twice", async () => {
  const [entry] = entriesOf(await osvFixture("PYSEC-2023-61")).values();
  const record = await osvFixture("PYSEC-2023-61");
  const listed = record.affected?.flatMap(({ versions }) => versions ?? []) ?? [];
  expect(entry?.versions?.length).toBeLessThan(listed.length);
  for (const version of listed) expect(verdictOf(entry ? [entry] : [], version)).toBe(true);
});

const NAME = "demo" as ProjectName;

const ranged = (...events: VersionEvent[]): OsvRecord => ({
  id: "X-1",
  affected: [{ package: { ecosystem: "PyPI", name: "demo" }, ranges: [{ type: "SEMVER", events }] }],
});

const affected = (record: OsvRecord, ...versions: string[]) => {
  const entry = entriesOf(record).get(NAME);
  return versions.map((version) => verdictOf(entry ? [entry] : [], version));
};

describe("a range", () => {
  test("that has every version has those that are not of PEP 440, and below 0", () => {
    expect(affected(ranged({ introduced: "0" }), "0.dev0", "2004d-legacy", "")).toEqual([true, true, true]);
  });

  test("of other versions leaves undecided what is not of PEP 440", () => {
    expect(affected(ranged({ introduced: "1" }), "2004d-legacy", "2")).toEqual(["undecidable", true]);
  });

  test("of one version has that one; introduced and fixed at once, none", () => {
    const versions = ["0.9", "1.0.0", "1.0.post1", "1.1"];
    expect(affected(ranged({ introduced: "1.0" }, { last_affected: "1.0" }), ...versions)).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect(affected(ranged({ introduced: "1.0" }, { fixed: "1.0" }), ...versions)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test("without an introduction has nothing, and a limit may be none", () => {
    expect(affected(ranged({ fixed: "2" }), "1")).toEqual([false]);
    expect(affected(ranged({ introduced: "0" }, { limit: "*" }, { limit: "2" }), "1", "3")).toEqual([true, true]);
    expect(affected(ranged({ introduced: "3" }, { limit: "2" }), "1", "4")).toEqual([false, false]);
  });
});

describe("aliases", () => {
  const both: AdvisoryEntry[] = [
    { id: "PYSEC-1", aliases: ["CVE-1"], ranges: [[{ introduced: "0" }, { fixed: "2" }]], published: 20 },
    { id: "OTHER-1", versions: ["1.0"] },
    {
      id: "GHSA-1",
      aliases: ["CVE-1", "CVE-2"],
      ranges: [[{ introduced: "0" }, { fixed: "1" }]],
      severity: "high",
      published: 10,
    },
  ];

  test("are one advisory, with the severity of the one that says it, and the ranges of all", () => {
    const { all, affecting } = advisoriesOf(both);
    expect(all).toHaveLength(2);
    expect(affecting("1.5")).toEqual([
      {
        id: "GHSA-1",
        aliases: ["PYSEC-1", "CVE-1", "CVE-2"],
        records: ["GHSA-1", "PYSEC-1"],
        isMalware: false,
        severity: "high",
        publishedAt: 10,
      },
    ]);
  });

  test("join what was apart", () => {
    const chain = [
      ["A", "1"],
      ["B", "2"],
      ["C", "3"],
      ["D", "1", "3"],
      ["E", "2", "3"],
    ];
    const entries = chain.map(([id = "", ...aliases]) => ({ id, aliases, versions: ["1"] }));
    expect(
      advisoriesOf(entries)
        .affecting("1")
        .map(({ records }) => records.toSorted()),
    ).toEqual([["A", "B", "C", "D", "E"]]);
  });
});

test("malware is recognised by MAL ids and aliases, by CWE-506 and its kinds, and by how PyPA's texts begin", async () => {
  const isMalware = (record: Partial<OsvRecord>) =>
    entriesOf({ ...ranged({ introduced: "0" }), ...record }).get(NAME)?.malware;
  expect(isMalware({ id: "MAL-2026-1" })).toBe(true);
  expect(isMalware({ id: "PYSEC-2026-2", aliases: ["MAL-2026-2144"] })).toBe(true);
  expect(isMalware({ id: "GHSA-1", database_specific: { cwe_ids: ["CWE-79", "CWE-506"] } })).toBe(true);
  expect(isMalware({ id: "GHSA-1", database_specific: { cwe_ids: ["CWE-79"] } })).toBeUndefined();
  expect(isMalware({ id: "PYSEC-1", details: "Malicious package. Exfiltrates." })).toBe(true);
  expect(isMalware({ id: "PYSEC-1", details: "Malicious input crashes it." })).toBeUndefined();
  expect(entriesOf(await osvFixture("PYSEC-2024-55")).get("cipherbcrypt" as ProjectName)?.malware).toBe(true);
});
