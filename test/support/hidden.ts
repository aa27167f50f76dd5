import { FakeUpstream, sha256, type FakeFile } from "./upstream.ts";
import { host } from "./hosted.ts";
import { JSON_TYPE, type Rig } from "./rig.ts";
import { metadataText } from "./wheel.ts";

/** Projects that the probe hides, and projects of which it hides one file. */
export const HIDDEN_PROJECTS = ["hushed-upstream", "hushed-hosted"];
export const PARTLY_HIDDEN = ["partly-upstream", "partly-hosted"];
export const PROJECTS = [...HIDDEN_PROJECTS, ...PARTLY_HIDDEN];

export const HIDDEN_FILES = [
  "hushed_upstream-1.0-py3-none-any.whl",
  "partly_upstream-2.0-py3-none-any.whl",
  "hushed_hosted-1.0-py3-none-any.whl",
  "partly_hosted-2.0-py3-none-any.whl",
];
export const SHOWN_FILES = ["partly_upstream-1.0-py3-none-any.whl", "partly_hosted-1.0-py3-none-any.whl"];
export const UPSTREAM_FILES = [...HIDDEN_FILES, ...SHOWN_FILES].filter((name) => name.includes("_upstream"));
const HOSTED_FILES = [...HIDDEN_FILES, ...SHOWN_FILES].filter((name) => name.includes("_hosted"));

export const projectOf = (filename: string) => filename.slice(0, filename.indexOf("-")).replaceAll("_", "-");
export const versionOf = (filename: string) => filename.split("-")[1] ?? "";

/** Bytes of which each file's are different, and of a size that no other figure in an answer is. */
export function bytesOf(filename: string): Uint8Array {
  const size = 70_001 + 1111 * [...HIDDEN_FILES, ...SHOWN_FILES].indexOf(filename);
  return new TextEncoder().encode(markOf(filename).padEnd(size, "."));
}

const markOf = (filename: string) => `the bytes of ${projectOf(filename)} at ${versionOf(filename)}`;

/** Fills the upstream and the team's index. */
export async function furnish(rig: Rig): Promise<void> {
  const { INDEX } = FakeUpstream;
  const names = ["hushed-upstream", "partly-upstream"];
  const listing = { meta: { "api-version": "1.1" }, projects: names.map((name) => ({ name })) };
  rig.upstream.on(INDEX, () => Response.json(listing, { headers: { "Content-Type": JSON_TYPE } }));
  for (const name of names) {
    const files = UPSTREAM_FILES.filter((filename) => projectOf(filename) === name).map((filename): FakeFile => {
      const provenance = `https://upstream.test/integrity/${filename}/provenance`;
      rig.upstream.on(provenance, () => Response.json({ version: 1, attestation_bundles: [], mark: markOf(filename) }));
      return { filename, bytes: bytesOf(filename), metadata: metadataOf(filename), entry: { provenance } };
    });
    await rig.upstream.publish(name, files);
    const entries = files.map(({ filename }) => ({ filename, digests: { sha256: markOf(filename) } }));
    const releases = Object.fromEntries(entries.map((entry) => [versionOf(entry.filename), [entry]]));
    // The first is the newest.
    for (const [at, entry] of entries.entries()) {
      const version = versionOf(entry.filename);
      const answer = { info: { name, version, summary: markOf(entry.filename) }, releases, urls: [entry] };
      for (const path of at === 0 ? ["", `/${version}`] : [`/${version}`]) {
        rig.upstream.on(`https://upstream.test/pypi/${name}${path}/json`, () => Response.json(answer));
      }
    }
  }
  for (const filename of HOSTED_FILES) {
    await host(projectOf(filename), filename, { bytes: bytesOf(filename), metadata: metadataOf(filename) });
  }
}

const metadataOf = (filename: string) =>
  `${metadataText(projectOf(filename), versionOf(filename))}Summary: ${markOf(filename)}\n`;

/** What must be in no answer: names, bytes, digests and sizes of what is hidden. */
export async function secrets(): Promise<readonly string[]> {
  const ofHidden = HIDDEN_FILES.map(async (filename) => {
    const bytes = bytesOf(filename);
    const metadata = new TextEncoder().encode(metadataOf(filename));
    return [filename, markOf(filename), String(bytes.byteLength), await sha256(bytes), await sha256(metadata)];
  });
  return [...HIDDEN_PROJECTS, ...(await Promise.all(ofHidden)).flat()];
}
