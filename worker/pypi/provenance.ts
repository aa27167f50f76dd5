import { documentPath } from "./document.ts";
import type { FileEntry, ProjectPage } from "./page.ts";
import { versionOf } from "./version.ts";

/**
 * The page with its files' provenance below `root`, the absolute address of an index without a final slash: clients that
 * reach nothing but this index can read it, and PEP 740 wants the URL absolute. The true one stays with the entry, since the
 * page is the authority on it. A file whose name does not say its version keeps the upstream's.
 */
export function withProvenanceBelow(root: string, page: ProjectPage): ProjectPage {
  return { ...page, files: page.files.map((entry) => moved(root, page, entry)) };
}

function moved(root: string, { name: project }: ProjectPage, entry: FileEntry): FileEntry {
  const { filename, provenance } = entry;
  const version = provenance === undefined ? undefined : versionOf(filename, project);
  if (version === undefined) return entry;
  const path = documentPath({ kind: "provenance", project, version, filename });
  return { ...entry, provenance: `${root}/${path}`, _provenance: provenance };
}

/** Where the upstream has a file's provenance; undefined where it has none. */
export function provenanceUrl({ provenance, _provenance: upstream = provenance }: FileEntry): URL | undefined {
  return upstream === undefined ? undefined : new URL(upstream);
}
