import type { OsvRecord } from "../../../worker/policy/osv/record.ts";

/** The versions of each project. */
export const VERSIONS = Array.from({ length: 200 }, (_, at) => `${Math.floor(at / 20)}.${at % 20}`);

/**
 * A record as OSV's export has them: nine of ten are about malware in one version; the others are about vulnerabilities, of few
 * projects many, with ranges and with each affected version listed.
 *
 * @param at its number, of `count`
 */
export function advisoryRecord(at: number, count: number): OsvRecord {
  const published = new Date(Date.UTC(2024, 0, 1) + at * 3_600_000).toISOString();
  if (at % 10 > 0) {
    const name = `bad-package-${at}`;
    return {
      id: `MAL-2025-${at}`,
      published,
      affected: [{ package: { ecosystem: "PyPI", name }, versions: ["1.0", "1.1"] }],
    };
  }
  // They are about a fiftieth as many projects. The lower the number, the more of them: the first has some hundreds, as Django has.
  const name = `project-${Math.floor(Math.ceil(count / 50) * (at / count) ** 3)}`;
  const [from, to] = [(at * 7) % 150, ((at * 7) % 150) + 20];
  const events = [{ introduced: at % 3 === 0 ? "0" : (VERSIONS[from] ?? "0") }, { fixed: VERSIONS[to] ?? "9" }];
  return {
    id: `${at % 20 === 0 ? "GHSA" : "PYSEC"}-${at}`,
    published,
    aliases: [`CVE-2025-${at}`],
    database_specific: { severity: "HIGH" },
    affected: [
      {
        package: { ecosystem: "PyPI", name },
        ranges: [{ type: "ECOSYSTEM", events }],
        versions: VERSIONS.slice(from, to),
      },
    ],
  };
}
