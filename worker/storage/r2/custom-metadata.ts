import type { ProjectName } from "../../pypi/name.ts";
import { DIGESTS, digestText, type Digest } from "../../pypi/page.ts";
import type { ArtifactFacts } from "../../repository/artifact.ts";
import type { ObjectHead } from "../../platform/objects.ts";

/** R2 allows 8,192 bytes of custom metadata in all, its simulator 2,048. Characters. */
const MAX_VALIDATOR = 512;

/** In place of a time that the upstream does not give. */
const UNKNOWN = "unknown";

/** Stands in the place of a file that was replaced upstream, and says which file may be stored there. */
export interface Tombstone {
  /** The digest that the page has now, as `sha256=…`; undefined where the page has none. */
  readonly wanted?: string | undefined;
  /** When that digest was seen on the page. Milliseconds since the epoch. */
  readonly at: number;
}

/** The file's facts from its page, as R2's custom metadata: so serving a stored file takes one read. */
export function writeFacts({
  project,
  digest,
  modifiedAt,
  uploadedAt,
  unchecked,
  validator,
}: ArtifactFacts): Record<string, string> {
  return {
    project,
    modifiedAt: String(modifiedAt),
    ...(uploadedAt !== undefined && { uploadedAt: String(uploadedAt ?? UNKNOWN) }),
    ...(digest && { digest: digestText(digest) }),
    ...(unchecked && { unchecked: "true" }),
    ...(unchecked && validator !== undefined && isPlain(validator) && { validator }),
  };
}

export function readFacts(object: ObjectHead): ArtifactFacts {
  const { project = "", modifiedAt = "0", uploadedAt, digest, unchecked, validator } = object.customMetadata ?? {};
  return {
    project: project as ProjectName,
    size: object.size,
    modifiedAt: Number(modifiedAt),
    ...(uploadedAt !== undefined && { uploadedAt: uploadedAt === UNKNOWN ? null : Number(uploadedAt) }),
    digest: readDigest(digest),
    // Earlier versions did not set `unchecked` for files without a digest.
    unchecked: unchecked === "true" || digest === undefined,
    validator,
  };
}

export const writeTombstone = (project: ProjectName, { wanted, at }: Tombstone): Record<string, string> => ({
  project,
  replaced: String(at),
  ...(wanted !== undefined && { wanted }),
});

/** The tombstone that an object is; undefined where it is a file. */
export function readTombstone({ customMetadata }: ObjectHead): Tombstone | undefined {
  const { replaced, wanted } = customMetadata ?? {};
  return replaced === undefined ? undefined : { wanted, at: Number(replaced) };
}

function readDigest(text: string | undefined): Digest | undefined {
  const [name, hex] = text?.split("=") ?? [];
  const algorithm = DIGESTS.find((known) => known === name);
  return algorithm && hex ? { algorithm, hex } : undefined;
}

/** Custom metadata is sent in headers. */
const isPlain = (text: string) => text.length <= MAX_VALIDATOR && /^[\x20-\x7e]*$/.test(text);
