import type { Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";

/** A document beside the Simple API: PyPI's JSON of a project or a release, or a file's provenance (PEP 740). */
export type DocumentRef =
  | { readonly kind: "project-json"; readonly project: ProjectName }
  | { readonly kind: "release-json"; readonly project: ProjectName; readonly version: string }
  | {
      readonly kind: "provenance";
      readonly project: ProjectName;
      readonly version: string;
      readonly filename: Filename;
    };

/** The media types of documents. */
export const DOCUMENT_TYPES = {
  json: "application/json",
  integrity: "application/vnd.pypi.integrity.v1+json",
} as const;

export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** A document's path below an index, on PyPI and here, such as `pypi/{project}/json`. Escaped; each document has one path. */
export function documentPath(ref: DocumentRef): string {
  return segmentsOf(ref).map(encodeURIComponent).join("/");
}

function segmentsOf(ref: DocumentRef): string[] {
  if (ref.kind === "provenance") return ["integrity", ref.project, ref.version, ref.filename, "provenance"];
  return ref.kind === "release-json" ? ["pypi", ref.project, ref.version, "json"] : ["pypi", ref.project, "json"];
}
