import { SERIAL } from "./simple.ts";
import { UPLOADED, pathOf, versionsOf, type Distribution } from "./distribution.ts";

/** PyPI's JSON API of a project, or of one of its releases. */
export function jsonApi(files: readonly Distribution[], version: string | undefined, origin: string): unknown {
  const shown = version ?? files.findLast(({ yanked }) => yanked === undefined)?.version ?? "";
  const urls = files.filter((file) => file.version === shown).map((file) => releaseFile(file, origin));
  const info = {
    name: files[0]?.project,
    version: shown,
    yanked: urls.every(({ yanked }) => yanked),
    requires_python: null,
  };
  if (version !== undefined) return { info, last_serial: SERIAL, urls, vulnerabilities: [] };
  const releases = versionsOf(files).map((each) => [
    each,
    files.filter((file) => file.version === each).map((file) => releaseFile(file, origin)),
  ]);
  return { info, last_serial: SERIAL, releases: Object.fromEntries(releases), urls, vulnerabilities: [] };
}

/** A file's attestations as PEP 740 frames them; nothing here looks into the envelope. */
export function provenance(file: Distribution): unknown {
  const publisher = {
    kind: "GitHub",
    repository: `example/${file.project}`,
    workflow: "release.yml",
    environment: null,
  };
  const attestation = {
    version: 1,
    verification_material: { certificate: "AA==", transparency_entries: [{}] },
    envelope: {
      statement: Buffer.from(JSON.stringify({ subject: file.filename })).toString("base64"),
      signature: "AA==",
    },
  };
  return { version: 1, attestation_bundles: [{ publisher, attestations: [attestation] }] };
}

function releaseFile(file: Distribution, origin: string) {
  return {
    filename: file.filename,
    url: `${origin}${pathOf(file)}`,
    digests: { sha256: file.sha256 },
    size: file.bytes.byteLength,
    packagetype: file.filename.endsWith(".whl") ? "bdist_wheel" : "sdist",
    requires_python: file.requiresPython ?? null,
    upload_time: UPLOADED.slice(0, 19),
    upload_time_iso_8601: UPLOADED,
    yanked: file.yanked !== undefined,
    yanked_reason: file.yanked ?? null,
  };
}
