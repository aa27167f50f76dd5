import { IndexError } from "../../errors.ts";
import { isHostedEntry, refOf } from "../../pypi/file-url.ts";
import { isWheel } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { upstreamValue, type FileEntry } from "../../pypi/page.ts";
import { readProjectMetadata, type ProjectMetadata } from "../../pypi/project-metadata.ts";
import type { Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { ProjectFiles } from "../../repository/repository.ts";
import { joined } from "../../repository/give-way.ts";
import { sha256 } from "../../repository/sha256.ts";

/** The core metadata that some files of a release have in common. */
export interface SharedMetadata {
  /** SHA-256 in lower-case hex. */
  readonly digest: string;
  readonly metadata: ProjectMetadata;
  readonly files: readonly string[];
  /** Whether they are sdists: what a wheel that is built from one requires may be more. */
  readonly isOfSdist: boolean;
}

/** What the wheels of a release say of themselves; its sdists, where no wheel does. */
export interface ReleaseMetadata {
  /** The metadata of most files first. */
  readonly known: readonly SharedMetadata[];
  /** Wheels whose metadata was not read. */
  readonly unread: readonly string[];
}

/** How many different ones are read: each is a read of the store, and few releases have more than two. */
const MAX_READ = 4;

/** A longer one is not read. Bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Reads the core metadata of a release's wheels, or else of its sdists: from the store, else from the upstream where a digest verifies it, and then without
 * storing it.
 */
export async function releaseMetadata(
  project: ProjectName,
  files: ProjectFiles,
  entries: readonly FileEntry[],
  ctx: Context,
): Promise<ReleaseMetadata> {
  const wheels = entries.filter((entry) => isWheel(entry.filename) && entry["core-metadata"]);
  const sdists = entries.filter(
    (entry) => !isWheel(entry.filename) && (entry["core-metadata"] || isHostedEntry(entry)),
  );
  const isOfSdist = wheels.length === 0;
  const described = isOfSdist ? sdists : wheels;
  const groups = Map.groupBy(described, (entry) => digestIn(entry) ?? entry.filename);
  const sorted = [...groups.values()].toSorted((one, other) => other.length - one.length);
  const read = await Promise.all(
    sorted.slice(0, MAX_READ).map(async (group): Promise<SharedMetadata | undefined> => {
      const [entry] = group;
      const bytes = entry && (await metadataBytes(project, files, entry, ctx));
      if (!bytes) return undefined;
      return {
        digest: sha256(bytes),
        metadata: readProjectMetadata(bytes),
        files: group.map(({ filename }) => filename),
        isOfSdist,
      };
    }),
  );
  const known = read.filter((each) => each !== undefined);
  const told = new Set(known.flatMap((each) => each.files));
  return { known, unread: wheels.flatMap(({ filename }) => (told.has(filename) ? [] : [filename])) };
}

function digestIn({ "core-metadata": metadata }: FileEntry): string | undefined {
  return typeof metadata === "object" ? metadata["sha256"] : undefined;
}

/** undefined where it cannot be read now: the page is useful without. */
async function metadataBytes(
  project: ProjectName,
  files: ProjectFiles,
  entry: FileEntry,
  ctx: Context,
): Promise<Uint8Array | undefined> {
  const ref = refOf(entry, "metadata");
  const digest = digestIn(entry);
  try {
    const stored = await files.read(ref, ctx);
    if (stored) return await verified(stored, digest);
    // Bytes that nothing verifies would have to be looked for in the wheel, and a signature is beside the stored page only.
    const isVerifiable = digest !== undefined && upstreamValue(entry, "core-metadata") !== undefined;
    if (!isVerifiable || entry._signed || isHostedEntry(entry)) return undefined;
    const request = { ref, headOnly: false, candidates: [project], listed: { project, entry } };
    const fetched = await files.file(request, ctx);
    return fetched ? await verified(fetched, digest) : undefined;
  } catch (error) {
    if (error instanceof IndexError) return undefined;
    throw error;
  }
}

/** The bytes of an artifact, where they are not too many and have the digest. */
async function verified({ body }: Artifact, digest: string | undefined): Promise<Uint8Array | undefined> {
  if (body === null) return undefined;
  const bytes = body instanceof Uint8Array ? body : await bytesUpTo(body, MAX_BYTES);
  return bytes && (digest === undefined || sha256(bytes) === digest) ? bytes : undefined;
}

async function bytesUpTo(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  return joined(chunks, size);
}
