import { expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import type { OsvRecord } from "../../../worker/policy/osv/record.ts";
import { NOW } from "../../support/guarded.ts";
import { storeAdvisories } from "../../support/osv.ts";
import { FakeUpstream, sha256, type FakeFile } from "../../support/upstream.ts";
import { JSON_TYPE, Rig } from "../../support/rig.ts";

/*
 * Each rule, at each address that a file could have, by each spelling of its project's name and in each form of a filename. Of two
 * releases one is refused: its bytes, its name on a page, its digest and its place in the JSON are nowhere, and the other's are.
 */

const SPELLINGS = ["par-cel", "Par_Cel", "par.cel", "PAR--CEL"];

/** Filenames of a release, as uploaded by old and by present tools. */
const FORMS = (version: string) => [
  `par_cel-${version}-py3-none-any.whl`,
  `Par.Cel-${version}-py2.py3-none-any.whl`,
  `par-cel-${version}.tar.gz`,
  `par_cel-${version}.zip`,
];

interface Ruled {
  readonly policy: Record<string, unknown>;
  readonly refused: string;
  /** What the entries of the release that is refused have, and those of the other. */
  readonly entry?: Record<string, unknown>;
  readonly other?: Record<string, unknown>;
  /** The advisory that is loaded. */
  readonly record?: OsvRecord;
}

const old = { "upload-time": new Date(NOW - 30 * DAY).toISOString() };
const young = { "upload-time": new Date(NOW - DAY).toISOString() };

/** A record about the release that is refused. */
const record = (id: string): OsvRecord => ({
  id,
  database_specific: { severity: "HIGH" },
  affected: [{ package: { ecosystem: "PyPI", name: "Par.Cel" }, versions: ["2"] }],
});

const RULES: Readonly<Record<string, Ruled>> = {
  malware: { policy: { malware: "enforce" }, refused: "2.0", record: record("MAL-1") },
  vulnerable: { policy: { vulnerable: { severity: "high" } }, refused: "2.0", record: record("GHSA-1") },
  deny: { policy: { deny: ["par_cel>=2"] }, refused: "2.0" },
  before: { policy: { before: "2026-11-01" }, refused: "2.0", entry: young },
  "min-age": { policy: { min_age: "3d" }, refused: "2.0", entry: young },
  prerelease: { policy: { prerelease: "enforce" }, refused: "2.0rc1" },
  yanked: { policy: { yanked: "enforce" }, refused: "2.0", entry: { yanked: "" } },
  provenance: {
    policy: { provenance: "regressed" },
    refused: "2.0",
    // It was not verified yet.
    entry: { ...young, provenance: "https://upstream.test/provenance" },
  },
};

const ADMITTED = "1.0";

const contentOf = (filename: string) => `the bytes of ${filename}`;

function fileOf(filename: string, entry: Record<string, unknown>): FakeFile {
  return {
    filename,
    bytes: new TextEncoder().encode(contentOf(filename)),
    entry: { ...old, ...entry },
    ...(filename.endsWith(".whl") && { metadata: `Metadata-Version: 2.1\nName: par-cel\nSummary: of ${filename}\n` }),
  };
}

async function furnished({ policy, refused, entry = {}, other = {}, record: loaded }: Ruled) {
  const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], policy }, open: { sources: ["pypi"] } } });
  if (loaded) await storeAdvisories(rig, [loaded]);
  const [wrong, right] = [
    FORMS(refused).map((filename) => fileOf(filename, entry)),
    FORMS(ADMITTED).map((filename) => fileOf(filename, other)),
  ];
  await rig.upstream.publish("par-cel", [...right, ...wrong], { versions: [ADMITTED, refused] });
  const listed = (files: readonly FakeFile[]) => files.map(({ filename }) => ({ filename }));
  for (const [path, version] of [
    ["", refused],
    [`/${refused}`, refused],
    [`/${ADMITTED}`, ADMITTED],
  ]) {
    const urls = listed(version === refused ? wrong : right);
    const releases = { [refused]: listed(wrong), [ADMITTED]: listed(right) };
    rig.upstream.on(`https://upstream.test/pypi/par-cel${path}/json`, () =>
      Response.json({ info: { version, summary: `of ${version}` }, releases, urls }),
    );
  }
  rig.upstream.on("https://upstream.test/provenance", () => Response.json({ version: 1, attestation_bundles: [] }));
  return { rig, wrong, right };
}

/** The addresses of a file, and those where its release or project is described. */
function addressesOf(filename: string, version: string, base: string): string[] {
  const escaped = filename.replaceAll("-", "%2D");
  const folder = new URL(FakeUpstream.FILES);
  const files = [filename, escaped].flatMap((name) => [
    `/files/${folder.host}${folder.pathname}${name}`,
    `/files/${folder.host.toUpperCase()}${folder.pathname}${name}`,
    `/packages/${name}`,
  ]);
  const documents = SPELLINGS.flatMap((name) => [
    `/simple/${name}/`,
    `/pypi/${name}/json`,
    `/pypi/${name}/${version}/json`,
    `/integrity/${name}/${version}/${filename}/provenance`,
  ]);
  return [...files, ...files.map((path) => `${path}.metadata`), ...documents].map((path) => base + path);
}

/** What an answer at an address tells of a file, redirects followed. */
async function told(rig: Rig, path: string, file: FakeFile, digest: string): Promise<boolean> {
  let at = path;
  let answer = await rig.get(at, { Accept: JSON_TYPE });
  const location = answer.headers.get("Location");
  if (answer.status === 302 && location !== null) {
    at = new URL(location, `https://edge.test${at}`).pathname;
    answer = await rig.get(at, { Accept: JSON_TYPE });
  }
  if (answer.status >= 400) return false;
  const text = answer.text();
  return text.includes(contentOf(file.filename)) || text.includes(digest) || text.includes(`of ${file.filename}`)
    ? true
    : text.includes(`"${file.filename}"`);
}

test.each(Object.entries(RULES))("%s: what is refused is at no address, and the rest is", async (_, ruled) => {
  const { rig, wrong, right } = await furnished(ruled);
  // One file of each kind is stored beforehand, by an index without a policy.
  for (const [file] of [wrong, right]) {
    await rig.get(`/open/files/files.upstream.test/packages/${file?.filename}`);
  }
  const reached = new Set<string>();
  const telling: string[] = [];
  for (const [files, version] of [
    [wrong, ruled.refused],
    [right, ADMITTED],
  ] as const) {
    for (const file of files) {
      const digest = await sha256(file.bytes);
      for (const base of ["", "/@pre=no"]) {
        for (const path of addressesOf(file.filename, version, base)) {
          if (!(await told(rig, path, file, digest))) continue;
          if (version === ADMITTED) reached.add(path.split("/")[base === "" ? 1 : 2] ?? "");
          else telling.push(path);
        }
      }
    }
  }
  expect(telling).toEqual([]);
  expect([...reached].toSorted()).toEqual(["files", "packages", "pypi", "simple"]);
});
