import { asProjectName, type ProjectName } from "../../pypi/name.ts";
import { contentOf, RangedArchive, UnreadableWheel, type ReadRange } from "../../repository/ranged-archive.ts";
import { tolerantZipEntries, type ZipEntry } from "../../repository/zip-directory.ts";

/**
 * Size of the first read: it holds most wheels' whole ZIP directory, and METADATA too, since `dist-info` comes last
 * (PEP 427). Bytes.
 */
const TAIL = 66 * 1024;

/**
 * The largest METADATA on PyPI has a few hundred KB. Counted while it is inflated: the size in a ZIP header may be
 * false. Bytes.
 */
export const MAX_METADATA = 5 * 1024 * 1024;

/**
 * Limit of all reads together. Wheels of 30,000 files have directories of 4 MiB, and METADATA is read as well. Bytes.
 */
const MAX_READ = 12 * 1024 * 1024;

/**
 * A sound wheel takes three reads: tail, directory, METADATA. A crafted directory could cause reads all over the file.
 */
const MAX_READS = 6;

/** A flag of a member. */
const ENCRYPTED = 0x1;

/**
 * The METADATA of a wheel of `project`, byte for byte, read in few parts; null where there is no such wheel. Throws
 * `UnreadableWheel` where it is no sound ZIP archive, where not exactly one top-level `dist-info` is the project's, or where
 * METADATA is too large.
 */
export async function metadataOf(project: ProjectName, read: ReadRange): Promise<Uint8Array | null> {
  const tail = await read({ suffix: TAIL });
  if (!tail) return null;
  const wheel = new RangedArchive(read, tail, MAX_READS, MAX_READ);
  try {
    return await contentOf(wheel, await metadataEntry(wheel, project), "METADATA", MAX_METADATA);
  } catch (error) {
    throw wheel.failure ? wheel.failure.error : error;
  }
}

/** The one METADATA of a top-level `{name}-{version}.dist-info` whose name is the project's. */
async function metadataEntry(wheel: RangedArchive, project: ProjectName): Promise<ZipEntry> {
  const decoder = new TextDecoder();
  let found: ZipEntry | undefined;
  for await (const entry of tolerantZipEntries(wheel)) {
    const [, info] = /^([^/]+)\.dist-info\/METADATA$/.exec(decoder.decode(entry.name)) ?? [];
    if (info === undefined || !isOf(project, info)) continue;
    if (found) throw new UnreadableWheel(`it has more than one METADATA of ${project}`);
    found = entry;
  }
  if (!found) throw new UnreadableWheel(`it has no METADATA of ${project}`);
  if (found.flags & ENCRYPTED) throw new UnreadableWheel("its METADATA is encrypted");
  return found;
}

/**
 * Whether `{name}-{version}` is the project's. Old tools left hyphens in names, so any hyphen may separate name and
 * version.
 */
function isOf(project: ProjectName, info: string): boolean {
  return [...info.matchAll(/-/g)].some(({ index }) => asProjectName(info.slice(0, index)) === project);
}
