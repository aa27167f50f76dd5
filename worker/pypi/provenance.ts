import { documentPath } from "./document.ts";
import type { FileEntry, ProjectPage } from "./page.ts";
import { versionOf } from "./version.ts";

/**
 * The page with its files' provenance URLs below `root`, an index's absolute URL without a final slash, so that clients which reach
 * only this index can read provenance; PEP 740 requires an absolute URL. The upstream's URL stays in the entry as `_provenance`, and
 * its query, which may be a secret signature, apart from it.
 *
 * A file whose name does not contain its version keeps the upstream's URL, unless that has a query, which clients must not see:
 * then no provenance is advertised. Without `root`, the other files keep the upstream's URL where it has no query.
 */
export function withProvenanceBelow(root: string | undefined, page: ProjectPage): ProjectPage {
  return { ...page, files: page.files.map((entry) => moved(root, page, entry)) };
}

function moved(root: string | undefined, { name: project }: ProjectPage, entry: FileEntry): FileEntry {
  const { filename, provenance } = entry;
  if (provenance === undefined) return entry;
  const upstream = new URL(provenance);
  const query = upstream.search;
  const version = versionOf(filename, project);
  if (version === undefined) return query === "" ? entry : { ...entry, provenance: undefined };
  if (root === undefined && query === "") return entry;
  upstream.search = "";
  const path = documentPath({ kind: "provenance", project, version, filename });
  const ours = root === undefined ? undefined : `${root}/${path}`;
  const signed = query === "" ? {} : { _provenanceSigned: true as const, _provenanceQuery: query };
  return { ...entry, provenance: ours, _provenance: upstream.href, ...signed };
}

/** The upstream's URL of a file's provenance; undefined where there is none. With its query only where the entry has `_provenanceQuery`. */
export function provenanceUrl(entry: FileEntry): URL | undefined {
  const { provenance, _provenance: upstream = provenance, _provenanceQuery: query } = entry;
  const url = upstream === undefined ? undefined : new URL(upstream);
  if (url && query !== undefined) url.search = query;
  return url;
}
