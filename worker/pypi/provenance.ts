import { documentPath } from "./document.ts";
import type { FileEntry, ProjectPage } from "./page.ts";
import { versionOf } from "./version.ts";

/**
 * The page with its files' provenance below `root`, the absolute address of an index without a final slash: clients that
 * reach nothing but this index can read it, and PEP 740 wants the URL absolute. The true one stays with the entry, since the
 * page is the authority on it, and its query, which may be a signature, apart from it. A file whose name does not say its version
 * keeps the upstream's, and without `root` all do: but for one with a query, which no client is to see; it is not advertised then.
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

/** Where the upstream has a file's provenance; undefined where it has none. Without a query that the entry does not have with it. */
export function provenanceUrl(entry: FileEntry): URL | undefined {
  const { provenance, _provenance: upstream = provenance, _provenanceQuery: query } = entry;
  const url = upstream === undefined ? undefined : new URL(upstream);
  if (url && query !== undefined) url.search = query;
  return url;
}
