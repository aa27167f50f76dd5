import { expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import type { OsvRecord } from "../../../worker/policy/osv/record.ts";
import type { RuleName } from "../../../worker/policy/policy.ts";
import { NOW } from "../../support/guarded.ts";
import { recordOf, storeAdvisories } from "../../support/osv.ts";
import { FakeUpstream, sha256, type FakeFile } from "../../support/upstream.ts";
import { JSON_TYPE, Rig } from "../../support/rig.ts";

/*
 * Each rule, at each address that a file could have, by each spelling of its project's name and in each form of a filename. Of two
 * releases one is refused: its bytes, its name on a page, its digest and its place in the JSON are nowhere, and the other's are.
 */

const spellingsOf = (project: string) => {
  const title = project.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return [project, title.replace("-", "_"), project.replace("-", "."), project.toUpperCase().replace("-", "--")];
};

/** Filenames of a release, as uploaded by old and by present tools. */
function filenamesOf(project: string, version: string): string[] {
  const [, title = "", dotted = ""] = spellingsOf(project);
  return [
    `${title.toLowerCase()}-${version}-py3-none-any.whl`,
    `${title}-${version}-py2.py3-none-any.whl`,
    `${dotted}-${version}.tar.gz`,
    `${project}-${version}.zip`,
  ];
}

interface Ruled {
  readonly policy: Record<string, unknown>;
  readonly refused: string;
  /** What the page of the refused release has; a rule that goes by it refuses a project whole, and the other release is another's. */
  readonly page?: Record<string, unknown>;
  readonly records?: readonly OsvRecord[];
  /** What the entries of the release that is refused have. */
  readonly entry?: Record<string, unknown>;
}

const old = { "upload-time": new Date(NOW - 30 * DAY).toISOString() };
const young = { "upload-time": new Date(NOW - DAY).toISOString() };

const severity = { database_specific: { severity: "HIGH" } };

const RULES: Readonly<Record<RuleName, Ruled>> = {
  malware: { policy: { malware: "enforce" }, refused: "2.0", records: [recordOf("par-cel", "MAL-1", {}, "2.0")] },
  vulnerable: {
    policy: { vulnerable: { severity: "high" } },
    refused: "2.0",
    records: [recordOf("par-cel", "GHSA-1", severity, "2.0")],
  },
  deny: { policy: { deny: ["par_cel>=2"] }, refused: "2.0" },
  before: { policy: { before: "2026-11-01" }, refused: "2.0", entry: young },
  "min-age": { policy: { min_age: "3d" }, refused: "2.0", entry: young },
  prerelease: { policy: { prerelease: "enforce" }, refused: "2.0rc1" },
  yanked: { policy: { yanked: "enforce" }, refused: "2.0", entry: { yanked: "" } },
  status: { policy: { status: ["archived"] }, refused: "2.0", page: { "project-status": { status: "archived" } } },
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
    ...(filename.endsWith(".whl") && { metadata: `Metadata-Version: 2.1\nName: x\nSummary: of ${filename}\n` }),
  };
}

/** A release, and what its files' entries have. */
interface Release {
  readonly project: string;
  readonly version: string;
  readonly files: readonly FakeFile[];
}

const releaseOf = (project: string, version: string, entry: Record<string, unknown> = {}): Release => ({
  project,
  version,
  files: filenamesOf(project, version).map((filename) => fileOf(filename, entry)),
});

/** Publishes a project with its JSON; the newest of its releases is the last. */
async function publish(upstream: FakeUpstream, releases: readonly Release[], page: Record<string, unknown> = {}) {
  const project = releases[0]?.project ?? "";
  const versions = releases.map(({ version }) => version);
  await upstream.publish(
    project,
    releases.flatMap(({ files }) => files),
    { versions, ...page },
  );
  const listed = ({ files }: Release) => files.map(({ filename }) => ({ filename }));
  const all = Object.fromEntries(releases.map((release) => [release.version, listed(release)]));
  const answers = (path: string, { version }: Release) => {
    const json = { info: { version, summary: `of ${version}` }, releases: all, urls: all[version] };
    upstream.on(`https://upstream.test/pypi/${project}${path}/json`, () => Response.json(json));
  };
  for (const release of releases) {
    answers("", release);
    answers(`/${release.version}`, release);
  }
}

async function furnished({ policy, refused, entry, page, records }: Ruled) {
  const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], policy }, open: { sources: ["pypi"] } } });
  const wrong = releaseOf("par-cel", refused, entry);
  const right = releaseOf(page ? "let-ter" : "par-cel", ADMITTED);
  if (page) {
    await publish(rig.upstream, [right]);
    await publish(rig.upstream, [wrong], page);
  } else await publish(rig.upstream, [right, wrong]);
  rig.upstream.on("https://upstream.test/provenance", () => Response.json({ version: 1, attestation_bundles: [] }));
  if (records) await storeAdvisories(rig, records);
  return { rig, wrong, right };
}

/** The addresses of a file, and those where its release or project is described. */
function addressesOf(filename: string, { project, version }: Release, base: string): string[] {
  const escaped = filename.replaceAll("-", "%2D");
  const folder = new URL(FakeUpstream.FILES);
  const files = [filename, escaped].flatMap((name) => [
    `/files/${folder.host}${folder.pathname}${name}`,
    `/files/${folder.host.toUpperCase()}${folder.pathname}${name}`,
    `/packages/${name}`,
  ]);
  const documents = spellingsOf(project).flatMap((name) => [
    `/simple/${name}/`,
    `/pypi/${name}/json`,
    `/pypi/${name}/${version}/json`,
    `/integrity/${name}/${version}/${filename}/provenance`,
  ]);
  return [...files, ...files.map((path) => `${path}.metadata`), ...documents].map((path) => base + path);
}

/** Asks each address once, redirects followed; undefined where it tells nothing. */
function asker(rig: Rig): (path: string) => Promise<string | undefined> {
  const asked = new Map<string, string | undefined>();
  return async (path) => {
    if (asked.has(path)) return asked.get(path);
    let answer = await rig.get(path, { Accept: JSON_TYPE });
    const location = answer.headers.get("Location");
    if (answer.status === 302 && location !== null) {
      answer = await rig.get(new URL(location, `https://edge.test${path}`).pathname, { Accept: JSON_TYPE });
    }
    const text = answer.status >= 400 ? undefined : answer.text();
    asked.set(path, text);
    return text;
  };
}

/** Whether a text is of a file, or names it. */
const tells = (text: string, { filename }: FakeFile, digest: string) =>
  [contentOf(filename), digest, `of ${filename}`, `"${filename}"`].some((sign) => text.includes(sign));

test.each(Object.entries(RULES))("%s: what is refused is at no address, and the rest is", async (_, ruled) => {
  const { rig, wrong, right } = await furnished(ruled);
  // One file of each kind is stored beforehand, by an index without a policy.
  for (const { files } of [wrong, right])
    await rig.get(`/open/files/files.upstream.test/packages/${files[0]?.filename}`);
  const ask = asker(rig);
  const reached = new Set<string>();
  const telling: string[] = [];
  for (const release of [wrong, right]) {
    for (const file of release.files) {
      const digest = await sha256(file.bytes);
      for (const base of ["", "/@pre=no"]) {
        for (const path of addressesOf(file.filename, release, base)) {
          if (!tells((await ask(path)) ?? "", file, digest)) continue;
          if (release === right) reached.add(path.split("/")[base === "" ? 1 : 2] ?? "");
          else telling.push(path);
        }
      }
    }
  }
  expect(telling).toEqual([]);
  expect([...reached].toSorted()).toEqual(["files", "packages", "pypi", "simple"]);
});
