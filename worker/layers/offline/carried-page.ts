import type { Filename } from "../../pypi/filename.ts";
import { urlOfRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isUnderQuarantine, type FileEntry, type ProjectPage, type ProjectStatus } from "../../pypi/page.ts";
import { normalVersion } from "../../pypi/pep440.ts";
import { uploadTime } from "../../pypi/upload-time.ts";
import { versionOf } from "../../pypi/version.ts";

/** A page as it was carried. It was checked when it arrived: `carriedPage` in schema/carried.ts. */
interface CarriedPage {
  readonly name: ProjectName;
  readonly "project-status"?: ProjectStatus;
  readonly files: readonly CarriedFile[];
}

interface CarriedFile extends Pick<FileEntry, "filename" | "size" | "requires-python" | "upload-time" | "yanked"> {
  readonly hashes: { readonly sha256: string };
  readonly "core-metadata"?: { readonly sha256: string };
  readonly provenance?: { readonly sha256: string };
}

/**
 * A page of our own, made of one that was carried.
 *
 * @param origin the host in the addresses of its files
 */
export function pageOfCarried(text: string, origin: string): ProjectPage {
  const { name, "project-status": status, files } = JSON.parse(text) as CarriedPage;
  // An upstream may go on listing the files of a project under quarantine (PEP 792).
  const listed = isUnderQuarantine(status) ? [] : files;
  const versions = listed.flatMap(({ filename }) => versionOf(filename, name) ?? []);
  return {
    name,
    status,
    versions: [...new Set(versions.map((version) => normalVersion(version) ?? version))],
    files: listed.map((file) => entryOf(file, name, origin)),
  };
}

function entryOf(file: CarriedFile, name: ProjectName, origin: string): FileEntry {
  const { filename, hashes, "core-metadata": metadata, "upload-time": time, provenance, ...rest } = file;
  const url = urlOfRef({ origin, path: pathOf(name, hashes.sha256, filename) });
  return {
    filename,
    url,
    hashes: { sha256: hashes.sha256 },
    ...rest,
    ...(time !== undefined && { "upload-time": uploadTime(time) }),
    ...(metadata && { "core-metadata": { sha256: metadata.sha256 } }),
    // PEP 740 wants an absolute URL: it is put below ours, or left out.
    ...(provenance && { provenance: `https://${origin}/${pathOf(name, hashes.sha256, filename)}.provenance` }),
  };
}

/** The path of a file's address behind the origin, decoded: it names the project, which the filename may not do. */
const pathOf = (project: ProjectName, sha256: string, filename: Filename) => `${project}/${sha256}/${filename}`;

/** The project in such a path; undefined where it is none. */
export const projectIn = (path: string) =>
  /^(?<project>[a-z0-9-]+)\/[0-9a-f]{64}\/[^/]+$/.exec(path)?.groups?.["project"] as ProjectName | undefined;
