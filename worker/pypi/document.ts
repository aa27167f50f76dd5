import type { Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";

/** What an index says beside its Simple API: PyPI's JSON of a project or a release, and a file's provenance (PEP 740). */
export type DocumentRef =
  | { readonly kind: "project-json"; readonly project: ProjectName }
  | { readonly kind: "release-json"; readonly project: ProjectName; readonly version: string }
  | {
      readonly kind: "provenance";
      readonly project: ProjectName;
      readonly version: string;
      readonly filename: Filename;
    };

/** The media types that documents come in. */
export const DOCUMENT_TYPES = {
  json: "application/json",
  integrity: "application/vnd.pypi.integrity.v1+json",
} as const;

export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** Where a document lies below an index, on PyPI and here: `pypi/{project}/json`. Escaped; one document has one path. */
export function documentPath(ref: DocumentRef): string {
  return segmentsOf(ref).map(encodeURIComponent).join("/");
}

function segmentsOf(ref: DocumentRef): string[] {
  if (ref.kind === "provenance") return ["integrity", ref.project, ref.version, ref.filename, "provenance"];
  return ref.kind === "release-json" ? ["pypi", ref.project, ref.version, "json"] : ["pypi", ref.project, "json"];
}
