import type { Rig } from "./rig.ts";
import type { Subject } from "./sigstore/certificates.ts";
import { sha256 } from "./sigstore/keys.ts";
import { onGitHub, type TestSigstore } from "./sigstore/sigstore.ts";
import type { FakeFile } from "./upstream.ts";

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const addressOf = (filename: string) => `https://upstream.test/integrity/${filename}/provenance`;

/** A file that says where its provenance is. */
export const withProvenance = (file: FakeFile): FakeFile => ({
  ...file,
  entry: { ...file.entry, provenance: addressOf(file.filename) },
});

/**
 * Has the upstream give a file's provenance: by a workflow of this repository, which the object also states, unless it is to
 * state another.
 */
export async function attest(
  rig: Rig,
  sigstore: TestSigstore,
  { filename, bytes }: FakeFile,
  { repository = "acme/demo", stated = repository, subject = onGitHub(repository) }: AttestOptions = {},
): Promise<string> {
  const publisher = { kind: "GitHub", repository: stated, workflow: "release.yml" };
  const digest = hex(await sha256(new Uint8Array(bytes)));
  const text = await sigstore.provenance(publisher, { ...subject, filename, sha256: digest, at: rig.now });
  rig.upstream.on(addressOf(filename), () => new Response(text, { headers: INTEGRITY }));
  return text;
}

export interface AttestOptions {
  readonly repository?: string;
  readonly stated?: string;
  readonly subject?: Subject;
}

const INTEGRITY = { "Content-Type": "application/vnd.pypi.integrity.v1+json" };

/** The requests for provenance that the upstream got. */
export const provenanceRequests = (rig: Rig) => rig.upstream.requests.filter((each) => each.includes("/integrity/"));
