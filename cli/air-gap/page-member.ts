import { uploadTime } from "../../worker/pypi/upload-time.ts";
import type { CarriedMember, CarriedPage } from "../../schema/carried.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";

/** Finds the member that carries something, in this step or in one before; undefined: none does. */
export type FindCarried = (member: Pick<CarriedMember, "kind" | "key">) => CarriedMember | undefined;

/**
 * A project's page with those of its files that are carried, as a member has it; the same page has the same bytes.
 *
 * @param digestOf the SHA-256 of a file's bytes; undefined: it is not known
 */
export function pageMember(
  { name, status, files }: Pick<ProjectPage, "name" | "status" | "files">,
  find: FindCarried,
  digestOf: (entry: FileEntry) => string | undefined,
): CarriedPage {
  const seen = new Set<string>();
  const carried = files.flatMap((entry) => {
    const key = digestOf(entry);
    const file = key === undefined ? undefined : find({ kind: "file", key });
    if (!file || seen.size === seen.add(entry.filename).size) return [];
    return [fileOf(entry, file, find)];
  });
  return {
    name,
    ...(status && {
      "project-status": { status: status.status, ...(status.reason !== undefined && { reason: status.reason }) },
    }),
    files: carried,
  };
}

function fileOf(entry: FileEntry, { key, size }: CarriedMember, find: FindCarried): CarriedPage["files"][number] {
  const { filename, yanked } = entry;
  const [python, time] = [entry["requires-python"], entry["upload-time"]];
  const metadata = entry["core-metadata"] === undefined ? undefined : find({ kind: "metadata", key });
  const provenance = entry.provenance === undefined ? undefined : find({ kind: "provenance", key });
  return {
    filename,
    hashes: { sha256: key },
    size,
    ...(python !== undefined && { "requires-python": python }),
    ...(time !== undefined && uploadTime(time) !== undefined && { "upload-time": time }),
    ...(yanked !== undefined && yanked !== false && { yanked }),
    ...(metadata && { "core-metadata": { sha256: metadata.sha256 } }),
    ...(provenance && { provenance: { sha256: provenance.sha256 } }),
  };
}
